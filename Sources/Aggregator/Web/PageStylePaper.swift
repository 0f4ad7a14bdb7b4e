/// The map's part of the style sheet, and how the pages look on paper.
extension PageStyle {
  /// Colours after Okabe and Ito: they differ in lightness too, so that they are told apart in
  /// print and by readers who see few hues; what was not decided is hatched.
  static let map = """
    .mapbox { display: grid; gap: 1rem; grid-template-columns: 1fr; }
    @media (min-width: 60rem) { .mapbox { grid-template-columns: 3fr 2fr; } }
    svg.map { display: block; width: 100%; height: auto; max-height: 80vh; background: #fdfdfd;
      border: 1px solid var(--line); border-radius: .4rem; }
    svg.map rect { stroke: #fff; stroke-width: .06; }
    svg.onland rect { fill-opacity: .6; }
    .covered { fill: #0a4c8b; background: #0a4c8b; }
    .partly { fill: #6db3e8; background: #6db3e8; }
    .not_covered { fill: #d55e00; background: #d55e00; }
    .few { fill: #f0e442; background: #f0e442; }
    .inconclusive { fill: url(#hatch); background: repeating-linear-gradient(45deg, #777 0 2px,
      #fff 2px 5px); }
    .unmeasured { fill: #dcdcdc; background: #dcdcdc; }
    svg.map a.square:focus { outline: none; }
    svg.map a.square:focus rect, svg.map a.square:hover rect { stroke: #000; stroke-width: .25; }
    svg.map .outline { fill: none; stroke: #222; stroke-width: 2px; pointer-events: none;
      vector-effect: non-scaling-stroke; }
    svg.map text { font-size: 2.6px; fill: #000; text-anchor: middle; stroke: #fff;
      stroke-width: .7; paint-order: stroke; pointer-events: none; }
    .told { position: sticky; bottom: 0; min-height: 3.2em; padding: .5rem .75rem;
      background: var(--note); border-left: .25rem solid var(--open); margin: .5rem 0 0; }
    .choice { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: 0 0 .75rem;
      align-items: baseline; }
    .choice a { padding: .2rem 0; }
    .choice a[aria-current] { font-weight: 650; color: var(--ink); text-decoration: none; }
    .legend .swatch { height: .9rem; vertical-align: -.1rem; border: 1px solid #555; }

    """

  static let paper = """
    .sheet .sign { display: grid; grid-template-columns: 1fr 1fr; gap: 2rem; margin-top: 2rem; }
    .sheet .sign div { text-align: center; min-height: 7rem; }
    .sheet .sign p { margin: 0; }
    button { font: inherit; padding: .2rem 1rem; color: inherit; background: var(--paper);
      border: 1px solid var(--soft); border-radius: .3rem; }
    .altered { font-weight: 700; color: var(--bad, #a40000); }
    .seal { font-size: .85rem; color: var(--soft); overflow-wrap: anywhere; }
    @page { size: A4; margin: 18mm 16mm; }
    @media print {
      :root { --ink: #000; --soft: #333; --line: #999; --paper: #fff; --card: #fff;
        --good: #14713d; --bad: #a3261d; --open: #7a5000; --blue: #1f5fa8; --on: #fff;
        --track: #e3e9ee; --bounds: #a9c7e6; --note: #fff4d9; --made: #8f2900; }
      * { print-color-adjust: exact; }
      body { padding: 0; max-width: none; font-size: 11pt; }
      body:has(.sheet) header, nav, .skip, .stale, .links, .choice, .screen, footer {
        display: none; }
      .simulated { position: static; }
      .card { break-inside: avoid; border: 1px solid #999; }
      .sheet { break-after: page; border: 0; padding: 0; margin: 0; font-size: 10.5pt; }
      .sheet .value { font-size: 2rem; }
      .sheet th, .sheet td { padding: .1rem .75rem .1rem 0; }
      .sheet, .sheet .aloud { line-height: 1.35; font-size: 10.5pt; }
      .sheet p { margin-top: .3rem; margin-bottom: .3rem; }
      .sheet:last-of-type { break-after: auto; }
      .wide { overflow: visible; }
      a { color: inherit; text-decoration: none; }
    }
    """
}
