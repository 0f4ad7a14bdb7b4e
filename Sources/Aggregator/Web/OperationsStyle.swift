/// What the operators' pages add to `PageStyle`.
enum OperationsStyle {
  static let text = """
    :root { --alarm: #fdeceb; --low: #fdf1e3; --edge: #b26a00; }
    @media (prefers-color-scheme: dark) {
      :root { --alarm: #3d1c1a; --low: #33260f; --edge: #f0b954; }
    }
    body { max-width: 110rem; }
    .stacking td { white-space: nowrap; }
    .stacking td span { display: block; }
    .stacking.texts td { white-space: normal; }
    h3 { font-size: .95rem; margin: 1.25rem 0 .4rem; }
    .problems ul { list-style: none; margin: 0; padding: 0; }
    .problems li { padding: .5rem .75rem; margin: 0 0 .4rem; border-left: .35rem solid var(--edge);
      background: var(--note); overflow-wrap: anywhere; }
    .problems li.critical { border-color: var(--bad); background: var(--alarm); }
    .problems li a { display: inline-block; padding: .2rem 0; }
    .problems .remedy { display: block; color: var(--soft); }
    h2.fine { color: var(--good); margin: 0; }
    h2.fine::before { content: "✓ "; }
    .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr));
      gap: .75rem; margin: 0 0 1rem; }
    .tile { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
      padding: .6rem .9rem; }
    .tile .name { display: block; color: var(--soft); font-size: .85rem; }
    .tile .number { font-size: 1.35rem; font-weight: 650; font-variant-numeric: tabular-nums; }
    .tile.bad { border-color: var(--bad); box-shadow: inset .3rem 0 0 var(--bad); }
    .filters { display: flex; flex-wrap: wrap; gap: .35rem .5rem; margin: 0 0 .5rem;
      align-items: center; }
    .filters input { font: inherit; padding: .2rem .5rem; color: inherit; min-width: 0;
      background: var(--paper); border: 1px solid var(--soft); border-radius: .3rem; }
    .filter { padding: .15rem .7rem; border: 1px solid var(--line); border-radius: 1rem;
      color: var(--blue); text-decoration: none; }
    .filter[aria-current] { background: var(--blue); color: var(--on); border-color: var(--blue); }
    .pages { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; }
    .pages a { padding: .2rem 0; }
    th a { color: inherit; display: inline-block; padding: .2rem 0; }
    .stacking th, .stacking td { padding-right: .6rem; }
    tbody th { color: inherit; }
    tbody th a { color: var(--blue); white-space: nowrap; }
    tr.bad > th, tr.bad > td { background: var(--low); color: var(--ink); }
    tr.bad > th:first-child { box-shadow: inset .25rem 0 0 var(--edge); padding-left: .5rem; }
    .stacking .mark { font-weight: 400; }
    .hours { margin: 0 0 1rem; }
    .hours svg { display: block; width: 100%; height: 5rem; background: var(--track); }
    .hours rect { fill: var(--blue); }
    .hours figcaption { display: flex; flex-wrap: wrap; justify-content: space-between;
      gap: .25rem 1rem; font-size: .85rem; }
    .sum { font-size: 1.1rem; font-variant-numeric: tabular-nums; }
    .sum.fine { color: var(--good); }
    .sum.bad { color: var(--bad); font-weight: 700; }
    .unbalanced { border: 2px solid var(--bad); }
    td { overflow-wrap: anywhere; }
    @media (max-width: 50rem) {
      .stacking caption { display: block; }
      .stacking thead { position: absolute; width: 1px; height: 1px; overflow: hidden;
        clip-path: inset(50%); }
      /* Links to sort by must be seen where they can be reached. */
      .stacking.sorting thead { position: static; display: block; width: auto; height: auto;
        clip-path: none; }
      .stacking.sorting thead tr { display: flex; flex-wrap: wrap; gap: 0 1rem; }
      .stacking.sorting thead th { border: 0; padding: 0; font-size: .9rem; }
      .stacking, .stacking tbody { display: block; }
      .stacking tr { display: grid; grid-template-columns: 1fr 1fr; gap: .1rem .75rem;
        padding: .5rem 0; border-bottom: 2px solid var(--line); }
      .stacking tbody th a { white-space: normal; }
      .stacking tbody th { grid-column: 1 / -1; font-size: 1rem; }
      .stacking td, .stacking tbody th { border: 0; padding: .1rem .25rem; }
      .stacking td { white-space: normal; }
      .stacking.texts td:last-child { grid-column: 1 / -1; }
      .stacking td::before { content: attr(data-label); display: block;
        color: var(--soft); font-size: .78rem; }
    }
    """
}
