/// What the pages load beside their text: one style sheet, one script.
enum Assets {
  /// Fetches the page again every two seconds and replaces its main part; open details stay open.
  static let script = """
    "use strict";
    (function () {
      var stale = document.getElementById("stale");
      function open() {
        return Array.from(document.querySelectorAll("main details[open]"), function (d) {
          return d.id;
        });
      }
      function show(text) {
        var next = new DOMParser().parseFromString(text, "text/html").querySelector("main");
        var main = document.querySelector("main");
        if (!next || next.innerHTML === main.innerHTML) { return; }
        var ids = open();
        main.replaceWith(next);
        ids.forEach(function (id) {
          var details = document.getElementById(id);
          if (details) { details.open = true; }
        });
      }
      function refresh() {
        fetch(location.href, { cache: "no-store" })
          .then(function (answer) {
            if (!answer.ok) { throw new Error(answer.status); }
            return answer.text();
          })
          .then(function (text) { stale.hidden = true; show(text); })
          .catch(function () { stale.hidden = false; })
          .then(function () { setTimeout(refresh, 2000); });
      }
      setTimeout(refresh, 2000);
    })();
    """

  static let style = """
    :root {
      --ink: #1b2733; --soft: #5b6b7a; --line: #d9e0e6; --paper: #f5f7f9; --card: #fff;
      --good: #14713d; --bad: #a3261d; --open: #8a5a00; --blue: #1f5fa8;
    }
    * { box-sizing: border-box; }
    body {
      margin: 0 auto; max-width: 70rem; padding: 0 1rem 3rem; background: var(--paper);
      color: var(--ink); font: 16px/1.5 system-ui, "Noto Sans", "DejaVu Sans", sans-serif;
    }
    header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .5rem 2rem;
      padding: 1rem 0 .5rem; }
    h1 { font-size: 1.35rem; margin: 0; flex: 1 1 20rem; }
    h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
    nav a { margin-right: 1rem; color: var(--blue); }
    .simulated, .stale, .trouble {
      position: sticky; top: 0; z-index: 1; margin: .5rem 0 1rem; padding: .75rem 1rem;
      border-radius: .4rem; color: #fff; background: #b3261e; font-size: 1.05rem;
    }
    .simulated { background: repeating-linear-gradient(135deg, #9c2b00 0 14px, #8a2600 14px 28px); }
    .stale { background: #5b4300; }
    [hidden] { display: none; }
    .card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
      padding: 1rem 1.25rem; margin: 0 0 1rem; overflow-x: auto; }
    .made { border-left: .5rem solid #9c2b00; }
    .mark { margin: 0; color: #9c2b00; font-weight: 700; text-transform: uppercase;
      font-size: .8rem; letter-spacing: .04em; }
    .head { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.25rem; }
    .head p { margin: 0; }
    .value { font-size: 2.4rem; font-weight: 650; font-variant-numeric: tabular-nums; }
    .target { color: var(--soft); }
    .chip { padding: .15rem .8rem; border-radius: 1rem; color: #fff; font-weight: 600;
      background: var(--soft); }
    .reached { background: var(--good); }
    .not_reached { background: var(--bad); }
    .undecided { background: var(--open); }
    .reason { margin: .5rem 0; padding: .5rem .75rem; background: #fff6e0;
      border-left: .25rem solid var(--open); }
    svg.scale { display: block; width: 100%; height: 2.9rem; margin: .25rem 0; }
    .track { fill: #e8edf1; }
    .bounds { fill: #bcd3ea; }
    .interval { fill: var(--blue); }
    .tick { stroke: #0b2b4f; stroke-width: 4px; vector-effect: non-scaling-stroke; }
    .goal { stroke: var(--bad); stroke-width: 3px; stroke-dasharray: 6px 4px;
      vector-effect: non-scaling-stroke; }
    dl { display: grid; grid-template-columns: minmax(9rem, 17rem) 1fr; gap: .15rem 1rem;
      margin: .5rem 0; }
    dt { color: var(--soft); }
    dd { margin: 0; font-variant-numeric: tabular-nums; }
    .more { border-top: 1px solid var(--line); padding-top: .5rem; }
    details { margin: .5rem 0; }
    summary { cursor: pointer; color: var(--blue); }
    table { border-collapse: collapse; width: 100%; font-size: .92rem;
      font-variant-numeric: tabular-nums; }
    th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line);
      vertical-align: top; }
    th { color: var(--soft); font-weight: 600; }
    .unfilled { margin-top: 2rem; }
    footer { margin-top: 1.5rem; color: var(--soft); }
    @media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } }
    """
}
