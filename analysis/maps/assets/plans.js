/* Sites of several plans: each plan a colour, a shape and a letter, with a switch. Text only becomes textContent. */
window.gapmapPlans = function (element, people, overlay) {
  "use strict";

  const STEP = 17; // width of a letter among several
  const APART = 3;

  /* The plans of a site that are switched on; a site of every plan has a switch of its own. */
  function visible(spot, on, every) {
    if (spot.in.length === on.length) return every ? spot.in : [];
    return spot.in.filter((item) => on[item[0]]);
  }

  function pin(plans, shown, all) {
    if (all) {
      const star = element("i", null, "pin all");
      star.append(element("b", "★"));
      return star;
    }
    if (shown.length === 1) {
      const one = element("i", null, "pin one p-" + shown[0][0]);
      one.append(element("b", plans[shown[0][0]].letter));
      return one;
    }
    const many = element("i", null, "pin many");
    shown.forEach((item) => many.append(element("b", plans[item[0]].letter, "p-" + item[0])));
    return many;
  }

  function card(spot, plans, currency) {
    const node = element("div", null, "card");
    node.append(element("b", spot.words + ": " + spot.name));
    if (spot.in.length === plans.length) node.append(element("p", "★ in every plan"));
    plans.forEach(function (plan, at) {
      const item = spot.in.find((found) => found[0] === at);
      const line = element("p", null, "in");
      line.append(element("i", plan.letter, "chip p-" + at));
      const said = item ? "step " + item[1] + ": " + people(item[2]) + " people for " + people(item[3]) + " " + currency : "not built";
      line.append(element("span", said));
      node.append(line);
    });
    return node;
  }

  return function (map, data) {
    const on = data.plans.map(() => false);
    let every = false;
    const group = L.layerGroup().addTo(map);
    const spots = data.spots.map(function (spot, rank) {
      const all = spot.in.length === data.plans.length;
      const letters = all ? "every plan" : spot.in.map((item) => data.plans[item[0]].letter).join(", ");
      const alt = spot.words + ": " + spot.name + ", in " + letters;
      const marker = L.marker([spot.lat, spot.lon], { alt: alt });
      marker.bindTooltip(() => card(spot, data.plans, data.currency), { direction: "top", offset: [0, -10], className: "reader" });
      marker.bindPopup(() => card(spot, data.plans, data.currency), { className: "reader" });
      return { spot: spot, marker: marker, all: all, over: 4000 * spot.in.length - rank, wide: 0, look: "" };
    });

    /* A mark keeps its letter where it touches no other that has one; else it is a dot until the map is near. */
    function thin() {
      const kept = [];
      spots.forEach(function (item) {
        const node = item.marker.getElement();
        if (!node) return;
        const p = map.latLngToLayerPoint(item.marker.getLatLng());
        const half = item.wide / 2;
        const hit = kept.some((o) => Math.abs(o.x - p.x) < o.half + half + APART && Math.abs(o.y - p.y) < 20 + APART);
        node.classList.toggle("dot", hit);
        item.marker.setZIndexOffset(item.over - (hit ? 100000 : 0)); // letters lie over dots
        if (!hit) kept.push({ x: p.x, y: p.y, half: half });
      });
    }

    function draw() {
      spots.forEach(function (item) {
        const shown = visible(item.spot, on, every);
        const look = shown.map((part) => part[0]).join();
        if (look === item.look) return;
        item.look = look;
        if (!shown.length) return void group.removeLayer(item.marker);
        item.wide = item.all || shown.length === 1 ? 20 : STEP * shown.length + 4;
        const html = pin(data.plans, shown, item.all);
        item.marker.setIcon(L.divIcon({ className: "spot", html: html, iconSize: [item.wide, 20] }));
        group.addLayer(item.marker);
      });
      thin();
    }

    /* What `overlay` takes for a layer: something to add and to remove. */
    function part(turn) {
      const set = function (value) {
        turn(value);
        draw();
      };
      return { addTo: () => set(true), remove: () => set(false) };
    }

    const times = spots.filter((item) => item.all).length;
    overlay(map, "In every plan (" + people(times) + ")", "pin all", part((value) => (every = value)));
    data.plans.forEach(function (plan, at) {
      const words = plan.letter + ": " + plan.name + " (" + people(plan.sites) + ")";
      overlay(map, words, "pin one p-" + at, part((value) => (on[at] = value)));
    });
    const note = "Letters side by side: in these plans. A dot: the map is too far for letters.";
    document.getElementById("overlays").append(element("p", note, "note"));
    map.on("zoomend", thin);
  };
};
