/// The style sheet of all pages: light, dark and paper; colours that are told apart without their
/// hue.
enum PageStyle {
  static let icon = """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" \
    rx="3" fill="#1f5fa8"/><path d="M3 12V8m4 4V5m4 7V3" stroke="#fff" stroke-width="2"/></svg>
    """

  static let text = frame + figures + map + paper

  private static let frame = """
    :root {
      --ink: #1b2733; --soft: #4f5e6c; --line: #cfd8df; --paper: #f4f6f8; --card: #fff;
      --good: #14713d; --bad: #a3261d; --open: #7a5000; --blue: #1f5fa8; --on: #fff;
      --track: #e3e9ee; --bounds: #a9c7e6; --note: #fff4d9; --made: #8f2900;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ink: #e6edf3; --soft: #a9b7c4; --line: #35424e; --paper: #10161c; --card: #18212a;
        --good: #58c98b; --bad: #ff8f85; --open: #f0b954; --blue: #7db8f5; --on: #10161c;
        --track: #2b3742; --bounds: #35597d; --note: #3a2f14; --made: #ff9d75;
      }
    }
    * { box-sizing: border-box; }
    /* What comes into view by focus or by a link must not lie below the banner. */
    html { scroll-padding: 6rem 0 5rem; }
    body {
      margin: 0 auto; max-width: 72rem; padding: 0 1rem 3rem; background: var(--paper);
      color: var(--ink); font: 16px/1.5 system-ui, "Noto Sans", "DejaVu Sans", sans-serif;
    }
    a { color: var(--blue); }
    :focus-visible { outline: 3px solid var(--open); outline-offset: 2px; }
    main:focus { outline: none; }
    .skip { position: absolute; left: -99rem; }
    .skip:focus { left: 1rem; top: .5rem; z-index: 3; background: var(--card); padding: .5rem; }
    .unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden;
      clip-path: inset(50%); white-space: nowrap; }
    header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 2rem;
      padding: 1rem 0 .5rem; }
    h1 { font-size: 1.4rem; margin: 0; flex: 1 1 20rem; }
    h2 { font-size: 1.1rem; margin: 0 0 .5rem; }
    h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
    nav { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; }
    nav a { padding: .3rem 0; }
    nav a[aria-current] { color: var(--ink); font-weight: 650; }
    nav a[aria-current="page"] { text-decoration: none; }
    .simulated, .stale, .trouble {
      margin: .5rem 0 1rem; padding: .75rem 1rem; border-radius: .4rem; color: #fff;
      background: #a3261d; font-size: 1.05rem;
    }
    .simulated { position: sticky; top: 0; z-index: 1;
      background: repeating-linear-gradient(135deg, #8f2900 0 14px, #7a2200 14px 28px); }
    .stale { position: sticky; top: 0; z-index: 2; background: #5b4300; }
    [hidden] { display: none; }
    .card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
      padding: 1rem 1.25rem; margin: 0 0 1rem; }
    .made { border-left: .5rem solid var(--made); }
    .mark { margin: 0; color: var(--made); font-weight: 700; text-transform: uppercase;
      font-size: .8rem; letter-spacing: .04em; }
    .wide { overflow-x: auto; }
    .links { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: .5rem 0 0; }
    .links a, .wide a { padding: .2rem 0; display: inline-block; }
    dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .15rem 1rem;
      margin: .5rem 0; }
    dt { color: var(--soft); }
    dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
    details { margin: .5rem 0; }
    summary { cursor: pointer; color: var(--blue); padding: .2rem 0; }
    table { border-collapse: collapse; width: 100%; font-size: .92rem;
      font-variant-numeric: tabular-nums; }
    th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line);
      vertical-align: baseline; }
    th { color: var(--soft); font-weight: 600; }
    code { overflow-wrap: anywhere; }
    .unfilled { margin-top: 2rem; }
    footer { margin-top: 1.5rem; color: var(--soft); }

    """

  private static let figures = """
    .head { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.25rem; }
    .head p { margin: 0; }
    .value { font-size: 2.5rem; line-height: 1.2; font-weight: 650; border-radius: .3rem;
      font-variant-numeric: tabular-nums; }
    .changed { background: var(--note); }
    @media (prefers-reduced-motion: no-preference) { .value { transition: background .6s; } }
    .target { color: var(--soft); }
    .chip { padding: .15rem .8rem; border-radius: 1rem; color: var(--on); font-weight: 650;
      background: var(--soft); }
    .reached { background: var(--good); }
    .not_reached { background: var(--bad); }
    .undecided { background: var(--open); }
    .reason { margin: .5rem 0; padding: .5rem .75rem; background: var(--note);
      border-left: .25rem solid var(--open); }
    .aloud { margin: .75rem 0; font-size: 1.06rem; max-width: 52rem; }
    svg.scale { display: block; width: 100%; height: 2.6rem; margin: .25rem 0 0; }
    .track { fill: var(--track); }
    rect.bounds { fill: var(--bounds); }
    rect.interval { fill: var(--blue); }
    line.tick { stroke: var(--ink); stroke-width: 4px; vector-effect: non-scaling-stroke; }
    line.goal { stroke: var(--bad); stroke-width: 3px; stroke-dasharray: 6px 4px;
      vector-effect: non-scaling-stroke; }
    .key { display: flex; flex-wrap: wrap; gap: 0 1.25rem; margin: 0; padding: 0; list-style: none;
      font-size: .9rem; color: var(--soft); }
    .key b { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }
    .swatch { display: inline-block; width: 1rem; height: .7rem; margin-right: .35rem; }
    .swatch.tick { width: .25rem; height: .9rem; background: var(--ink); vertical-align: -.1rem; }
    .swatch.interval { background: var(--blue); }
    .swatch.bounds { background: var(--bounds); }
    .swatch.goal { width: 0; height: .9rem; border-left: 3px dashed var(--bad);
      vertical-align: -.1rem; }
    .two { display: grid; grid-template-columns: 1fr; gap: 0 2rem; }
    @media (min-width: 56rem) { .two { grid-template-columns: 3fr 2fr; } }
    .history { margin: .5rem 0; }
    .history .none, figcaption { margin: 0; color: var(--soft); font-size: .9rem; }
    svg.chart { display: block; width: 100%; height: 7rem; background: var(--paper); }
    svg.spark { display: inline-block; vertical-align: middle; width: 7.5rem; height: 1.75rem;
      background: var(--paper); }
    svg.chart.tall { height: 14rem; }
    .band { fill: var(--bounds); opacity: .55; }
    .curve { fill: none; stroke: var(--blue); stroke-width: 2.5px; stroke-linejoin: round;
      vector-effect: non-scaling-stroke; }
    .outlook { stroke: var(--blue); stroke-width: 2px; stroke-dasharray: 2px 5px;
      vector-effect: non-scaling-stroke; }
    .difference { font-weight: 650; }
    @media (max-width: 40rem) {
      dl { grid-template-columns: 1fr; } dd { margin-bottom: .35rem; }
      .wide th, .wide td { min-width: 4.5rem; }
      .card { padding: .75rem .8rem; }
    }

    """
}
