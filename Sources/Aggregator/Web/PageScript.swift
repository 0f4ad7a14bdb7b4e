/// The script of all pages. Everything on them is there without it; with it they keep up
/// with the server, and the map answers to touch and arrow keys.
enum PageScript {
  static let text = """
    "use strict";
    (function () {
      var english = document.documentElement.lang === "en";
      var stale = document.getElementById("stale");
      var news = document.getElementById("news");
      var main = document.getElementById("main");
      var every = Number(main && main.dataset.live);

      // Makes the old tree like the new one and leaves alone what is alike, so that focus,
      // selection, scrolling and open details stay.
      function morph(old, next) {
        if (old.nodeType !== next.nodeType || old.nodeName !== next.nodeName ||
            old.id !== next.id) {
          old.replaceWith(next);
          return;
        }
        // What the reader pointed at stays told.
        if (old.id === "told") { return; }
        if (old.nodeType !== Node.ELEMENT_NODE) {
          if (old.data !== next.data) { old.data = next.data; }
          return;
        }
        Array.from(old.attributes).forEach(function (a) {
          if (!next.hasAttribute(a.name) && a.name !== "open") { old.removeAttribute(a.name); }
        });
        Array.from(next.attributes).forEach(function (a) {
          var isOurs = a.name === "tabindex" && old.classList.contains("square");
          if (!isOurs && old.getAttribute(a.name) !== a.value) {
            old.setAttribute(a.name, a.value);
          }
        });
        morphChildren(old, Array.from(next.childNodes));
      }

      // What has an id is found again by it, wherever it moved to: a row of a sorted table keeps
      // its focus. The rest is compared by its place.
      function morphChildren(old, nexts) {
        var ids = new Set(nexts.map(function (node) { return node.id; }));
        var known = new Map();
        Array.from(old.children).forEach(function (child) {
          if (!child.id) { return; }
          if (ids.has(child.id)) { known.set(child.id, child); } else { child.remove(); }
        });
        var at = old.firstChild;
        nexts.forEach(function (node) {
          var match = node.id ? known.get(node.id) : at && !at.id ? at : null;
          if (match && match === at) {
            at = at.nextSibling;
          } else {
            old.insertBefore(match || node, at);
          }
          if (match) { morph(match, node); }
        });
        while (at) {
          var rest = at;
          at = at.nextSibling;
          rest.remove();
        }
      }

      // An element that was moved has lost the focus.
      function morphMain(next) {
        var active = document.activeElement;
        morph(main, next);
        if (active && active !== document.activeElement && main.contains(active)) {
          active.focus({ preventScroll: true });
        }
      }

      function values() {
        var shown = document.querySelectorAll("section.card .value, [data-tell]");
        return new Map(Array.from(shown, function (v) {
          return [v.closest("section").id, { element: v, text: v.textContent }];
        }));
      }

      // Says aloud and shows for a moment what is another than before.
      function tell(before) {
        var changed = [];
        values().forEach(function (value, id) {
          if (!before.has(id) || before.get(id).text === value.text) { return; }
          value.element.classList.add("changed");
          setTimeout(function () { value.element.classList.remove("changed"); }, 1500);
          var isSentence = value.element.hasAttribute("data-tell");
          changed.push(isSentence ? value.text : id.slice(1) + ": " + value.text);
        });
        if (changed.length) { news.textContent = changed.join("; "); }
      }

      function show(text) {
        var next = new DOMParser().parseFromString(text, "text/html").getElementById("main");
        if (!next) { return; }
        var before = values();
        morphMain(document.importNode(next, true));
        tell(before);
        document.dispatchEvent(new Event("shown"));
      }

      function clock() {
        return new Date().toLocaleTimeString(english ? "en-GB" : "vi-VN");
      }

      function lose() {
        if (!stale.hidden) { return; }
        stale.textContent = english
          ? "The server has not answered since " + clock() + "; what is shown may be old."
          : "Mất kết nối với máy chủ từ " + clock() + "; số liệu dưới đây có thể đã cũ.";
        stale.hidden = false;
      }

      // Where the server tells of each change, the page is asked for then, and else now and again
      // for its ages; where it does not, every time.
      var isTold = false, timer = 0, isAsking = false;
      function later(ms) {
        clearTimeout(timer);
        timer = setTimeout(refresh, ms);
      }
      function refresh() {
        if (isAsking) { return; }
        if (document.hidden) { return later(every); }
        isAsking = true;
        fetch(location.href, { cache: "no-cache", signal: AbortSignal.timeout(10000) })
          .then(function (answer) {
            if (!answer.ok) { throw new Error(answer.status); }
            return answer.text();
          })
          .then(function (text) { stale.hidden = true; show(text); }, lose)
          .then(function () {
            isAsking = false;
            later(isTold && stale.hidden ? Math.max(every, 10000) : every);
          });
      }
      if (every) { later(every); }
      if (every && main.dataset.told !== undefined && window.EventSource) {
        var source = new EventSource("/events");
        source.addEventListener("open", function () { isTold = true; });
        source.addEventListener("error", function () { isTold = false; later(100); });
        // The server may give an answer that is 0.2 s old.
        source.addEventListener("indicator", function () { later(300); });
      }

      // The map: one square at a time can be reached by keyboard; arrows move on.
      var told = document.getElementById("told");
      function squares() { return Array.from(document.querySelectorAll("svg.map a.square")); }
      var selected = null, isArmed = true;
      function tellSquare(square) {
        selected = square;
        if (told) { told.textContent = square.querySelector("title").textContent; }
      }
      function place(square) {
        var box = square.firstElementChild;
        return { x: Number(box.getAttribute("x")), y: Number(box.getAttribute("y")) };
      }
      function step(from, dx, dy) {
        var here = place(from), best = null, distance = Infinity;
        squares().forEach(function (square) {
          var there = place(square), x = there.x - here.x, y = there.y - here.y;
          var along = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
          if (along <= 0 || aside > along) { return; }
          if (along + 2 * aside < distance) { distance = along + 2 * aside; best = square; }
        });
        return best;
      }
      var arrows = {
        ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]
      };
      document.addEventListener("keydown", function (event) {
        var square = event.target.closest && event.target.closest("svg.map a.square");
        var arrow = arrows[event.key];
        if (!square || !arrow) { return; }
        event.preventDefault();
        var next = step(square, arrow[0], arrow[1]);
        if (!next) { return; }
        square.setAttribute("tabindex", "-1");
        next.setAttribute("tabindex", "0");
        next.focus();
      });
      function squareOf(event) {
        return event.target.closest && event.target.closest("svg.map a.square");
      }
      document.addEventListener("focusin", function (event) {
        if (squareOf(event)) { tellSquare(squareOf(event)); }
      });
      document.addEventListener("pointerover", function (event) {
        if (squareOf(event) && event.pointerType === "mouse") { tellSquare(squareOf(event)); }
      });
      // A finger cannot hover: its first tap tells, the second leads on.
      document.addEventListener("pointerdown", function (event) {
        isArmed = event.pointerType !== "touch" || squareOf(event) === selected;
      });
      document.addEventListener("click", function (event) {
        if (!squareOf(event) || isArmed) { return; }
        event.preventDefault();
        tellSquare(squareOf(event));
      });
      var print = document.getElementById("print");
      if (print) {
        print.hidden = false;
        print.addEventListener("click", function () { window.print(); });
      }
    })();
    """
}
