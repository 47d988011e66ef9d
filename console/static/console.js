// What the pages can do beyond being read: a line over all charts that reads their values,
// a closer look by dragging, lines to hide. Without this script the pages say the same.
"use strict";
(() => {
  const charts = [...document.querySelectorAll("svg.chart, svg.bar")];
  const SVG = "http://www.w3.org/2000/svg";
  const make = (parent, name, attributes) => {
    const e = document.createElementNS(SVG, name);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    parent.append(e);
    return e;
  };
  const number = (v, digits) => v.toLocaleString("en", { maximumSignificantDigits: digits });
  const worded = (v, unit) => {
    if (unit === "bit/s" && v >= 1e6) return number(v / 1e6, 3) + " Mbit/s";
    if (unit === "bit/s" && v >= 1e3) return number(v / 1e3, 3) + " kbit/s";
    return number(v, 3) + (unit.startsWith("%") ? " %" : unit ? " " + unit : "");
  };
  // The corners of a line, as parts that are unbroken: across from 0 to 1000, down from 0 to 100.
  const corners = (path) => path.getAttribute("d").split("M").filter(Boolean).map((part) => part.split(/[Lh]/).map((xy) => xy.split(" ").map(Number)).filter((xy) => xy.length === 2));
  const valueAt = (parts, x) => {
    let best = null, distance = 12;
    for (const part of parts) for (const [px, py] of part) if (Math.abs(px - x) < distance) { distance = Math.abs(px - x); best = py; }
    return best;
  };
  const all = charts.map((svg) => {
    const from = Number(svg.dataset.from), to = Number(svg.dataset.to), box = svg.closest("figure");
    return {
      svg, from, to, cross: make(svg, "line", { class: "cross off", y1: 0, y2: svg.classList.contains("bar") ? 24 : 116 }),
      lines: [...svg.querySelectorAll("[data-line]")].map((g) => ({ g, key: box && box.querySelector(`.legend[data-line="${g.dataset.line}"]`), parts: null })),
    };
  });
  const clock = document.querySelector("#clock");
  let at = null;
  const show = (f, source) => {
    at = f;
    for (const c of all) {
      c.cross.classList.toggle("off", f === null);
      if (f !== null) for (const end of ["x1", "x2"]) c.cross.setAttribute(end, 100 * f + "%");
      for (const l of c.lines) {
        if (!l.key) continue;
        l.parts ??= corners(l.g.querySelector(".avg"));
        const y = f === null ? null : valueAt(l.parts, 1000 * f);
        l.key.querySelector("output").textContent = y === null ? "" : worded((100 - y) / 100 * Number(c.svg.dataset.top), c.svg.dataset.unit);
      }
    }
    if (!clock || !source) return;
    const t = new Date(1000 * (source.from + (f ?? 0) * (source.to - source.from)));
    clock.textContent = f === null ? "" : t.toISOString().slice(0, 19).replace("T", " ") + " UTC · " + t.toLocaleTimeString() + " " + Intl.DateTimeFormat().resolvedOptions().timeZone;
  };
  const go = (address) => { document.documentElement.dataset.busy = ""; location.assign(address); };
  const zoom = (c, a, b) => {
    const second = (f) => new Date(1000 * Math.round(c.from + f * (c.to - c.from))).toISOString().slice(0, 19);
    const q = new URLSearchParams(location.search);
    q.set("from", second(Math.min(a, b))); q.set("to", second(Math.max(a, b)));
    go(location.pathname + "?" + q + (c.svg.classList.contains("bar") ? "#users" : "#charts"));
  };
  const canZoom = location.protocol !== "file:" && document.body.dataset.file !== "true";
  for (const c of all) {
    let began = null, pick = null;
    const place = (e) => { const r = c.svg.getBoundingClientRect(); return Math.min(1, Math.max(0, (e.clientX - r.left) / r.width)); };
    const end = () => { pick?.remove(); began = pick = null; };
    c.svg.addEventListener("pointermove", (e) => {
      const f = place(e);
      show(f, c);
      if (began === null) return;
      pick ??= make(c.svg, "rect", { class: "pick", y: 0, height: "100%" });
      pick.setAttribute("x", 100 * Math.min(began, f) + "%"); pick.setAttribute("width", 100 * Math.abs(f - began) + "%");
    });
    c.svg.addEventListener("pointerleave", () => { if (began === null) show(null, c); });
    c.svg.addEventListener("pointerdown", (e) => { if (canZoom && e.button === 0 && e.pointerType !== "touch") { began = place(e); c.svg.setPointerCapture(e.pointerId); e.preventDefault(); } });
    c.svg.addEventListener("pointerup", (e) => { const a = began, b = place(e); end(); if (a !== null && Math.abs(a - b) > .01) zoom(c, a, b); });
    c.svg.addEventListener("pointercancel", end);
    if (c.svg.classList.contains("bar")) continue;
    c.svg.setAttribute("tabindex", "0");
    c.svg.addEventListener("keydown", (e) => {
      const step = { ArrowLeft: -.005, ArrowRight: .005, PageUp: -.05, PageDown: .05 }[e.key];
      if (e.key === "Escape") { end(); show(null, c); }
      if (step === undefined) return;
      e.preventDefault();
      show(Math.min(1, Math.max(0, (at ?? .5) + step)), c);
    });
    c.svg.addEventListener("blur", () => show(null, c));
  }
  for (const key of document.querySelectorAll(".legend[data-line]")) {
    key.disabled = false;
    key.addEventListener("click", () => {
      const hide = key.getAttribute("aria-pressed") !== "false";
      key.setAttribute("aria-pressed", String(!hide));
      key.closest("figure").querySelector(`g[data-line="${key.dataset.line}"]`).classList.toggle("off", hide);
    });
  }
  for (const t of document.querySelectorAll("time[datetime]")) t.title = new Date(t.dateTime).toLocaleString() + " " + Intl.DateTimeFormat().resolvedOptions().timeZone;
  document.addEventListener("submit", () => { document.documentElement.dataset.busy = ""; });
  document.addEventListener("click", (e) => {
    const a = e.target.closest?.("a[href]");
    if (a && !a.getAttribute("href").startsWith("#") && !a.hasAttribute("download") && !a.target && !e.defaultPrevented && !(e.ctrlKey || e.metaKey || e.shiftKey)) document.documentElement.dataset.busy = "";
  });
  addEventListener("pageshow", () => { delete document.documentElement.dataset.busy; });
})();
