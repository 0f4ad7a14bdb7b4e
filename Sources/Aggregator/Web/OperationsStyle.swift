/// What the operators' pages add to `Assets.style`.
enum OperationsStyle {
  static let text = """
    body { max-width: 110rem; }
    .stacking td { white-space: nowrap; }
    .stacking td span { display: block; }
    .texts td { white-space: normal; }
    h3 { font-size: .95rem; margin: 1.25rem 0 .4rem; }
    .problems ul { list-style: none; margin: 0; padding: 0; }
    .problems li { padding: .5rem .75rem; margin: 0 0 .4rem; border-left: .35rem solid #b26a00;
      background: #fff6e0; color: #1b2733; overflow-wrap: anywhere; }
    .problems li.critical { border-color: #b3261e; background: #fdeceb; }
    .problems li a { color: #174a80; }
    .problems .remedy { display: block; color: #45525f; }
    h2.fine { color: #14713d; margin: 0; }
    h2.fine::before { content: "✓ "; }
    .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr));
      gap: .75rem; margin: 0 0 1rem; }
    .tile { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
      padding: .6rem .9rem; }
    .tile .name { display: block; color: var(--soft); font-size: .85rem; }
    .tile .number { font-size: 1.35rem; font-weight: 650; font-variant-numeric: tabular-nums; }
    .tile.bad { border-color: #b3261e; box-shadow: inset .3rem 0 0 #b3261e; }
    .filters { display: flex; flex-wrap: wrap; gap: .35rem .5rem; margin: 0 0 .5rem;
      align-items: center; }
    .filter { padding: .1rem .7rem; border: 1px solid var(--line); border-radius: 1rem;
      color: var(--blue); text-decoration: none; }
    .filter[aria-current] { background: #1f5fa8; color: #fff; border-color: #1f5fa8; }
    .pages { display: flex; gap: 1.5rem; }
    th a { color: inherit; }
    .stacking th, .stacking td { padding-right: .6rem; }
    tbody th { color: inherit; }
    tbody th a { color: var(--blue); }
    tr.bad > th, tr.bad > td { background: #fdf1e3; color: #1b2733; }
    tr.bad > th:first-child { box-shadow: inset .25rem 0 0 #b26a00; padding-left: .5rem; }
    .areas { display: block; font-weight: 400; font-size: .85rem; color: var(--soft); }
    .mark { font-weight: 400; }
    .hours { margin: 0 0 1rem; }
    .hours svg { display: block; width: 100%; height: 5rem; background: #eef2f5; }
    .hours rect { fill: #1f5fa8; }
    .hours figcaption { display: flex; flex-wrap: wrap; justify-content: space-between;
      gap: .25rem 1rem; color: var(--soft); font-size: .85rem; }
    .sum { font-size: 1.1rem; font-variant-numeric: tabular-nums; }
    .sum.fine { color: #14713d; }
    .sum.bad { color: #b3261e; font-weight: 700; }
    .unbalanced { border: 2px solid #b3261e; }
    td { overflow-wrap: anywhere; }
    @media (max-width: 50rem) {
      table.stacking thead { position: absolute; width: 1px; height: 1px; overflow: hidden;
        clip-path: inset(50%); }
      table.stacking, table.stacking tbody { display: block; }
      table.stacking tr { display: grid; grid-template-columns: 1fr 1fr; gap: .1rem .75rem;
        padding: .5rem 0; border-bottom: 2px solid var(--line); }
      table.stacking th { grid-column: 1 / -1; font-size: 1rem; }
      table.stacking td, table.stacking tbody th { border: 0; padding: .1rem .25rem; }
      table.stacking td { white-space: normal; }
      table.texts td:last-child { grid-column: 1 / -1; }
      table.stacking td::before { content: attr(data-label); display: block;
        color: var(--soft); font-size: .78rem; }
    }
    """
}
