/* The map of a results folder. Reads the data block, never the network; text from data only ever becomes textContent. */
window.gapmap = (function () {
  "use strict";

  const EARTH = 6378137;
  const ENDLESS = 0xffffff;
  const number = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
  const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
  const state = { decoded: {}, layer: null, hovered: null };

  function element(tag, words, className) {
    const node = document.createElement(tag);
    if (words !== undefined && words !== null) node.textContent = words;
    if (className) node.className = className;
    return node;
  }

  function people(value) {
    return value === null || value === undefined ? "unknown" : whole.format(value);
  }

  function percent(value) {
    return value === null || value === undefined ? "unknown" : (value * 100).toFixed(1) + " %";
  }

  /* ---- which cell is here: the mesh of (column, row) at Mercator nodes, bilinear between them ---- */

  function mercator(latlng) {
    const lat = (latlng.lat * Math.PI) / 180;
    return [(EARTH * latlng.lng * Math.PI) / 180, EARTH * Math.log(Math.tan(Math.PI / 4 + lat / 2))];
  }

  function cellAt(frame, latlng) {
    const [mx, my] = mercator(latlng);
    const [west, south, east, north] = frame.bounds;
    const last = frame.nodes - 1;
    const u = ((mx - west) / (east - west)) * last;
    const v = ((north - my) / (north - south)) * last;
    if (!(u >= 0 && u <= last && v >= 0 && v <= last)) return -1;
    const i = Math.min(Math.floor(u), last - 1);
    const j = Math.min(Math.floor(v), last - 1);
    const fu = u - i;
    const fv = v - j;
    const at = function (part) {
      const n = j * frame.nodes + i;
      const top = part[n] * (1 - fu) + part[n + 1] * fu;
      const low = part[n + frame.nodes] * (1 - fu) + part[n + frame.nodes + 1] * fu;
      return part[n] === null ? NaN : Math.floor(top * (1 - fv) + low * fv);
    };
    const col = at(frame.col);
    const row = at(frame.row);
    return col >= 0 && col < frame.nx && row >= 0 && row < frame.ny ? row * frame.nx + col : -1;
  }

  function cellId(frame, cell) {
    return (Math.floor(cell / frame.nx) + frame.row0) * frame.grid_nx + (cell % frame.nx) + frame.col0;
  }

  /* ---- exact values: a lossless picture in native rows, decoded once a layer ---- */

  function decode(layer) {
    if (layer.fill) return Promise.resolve(null);
    if (!state.decoded[layer.key]) {
      state.decoded[layer.key] = new Promise(function (resolve, reject) {
        const image = new Image();
        image.onload = function () {
          const canvas = document.createElement("canvas");
          canvas.width = image.width;
          canvas.height = image.height;
          const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
          context.drawImage(image, 0, 0);
          const pixels = context.getImageData(0, 0, image.width, image.height).data;
          const codes = new Uint32Array(image.width * image.height);
          for (let n = 0; n < codes.length; n += 1) {
            codes[n] = (pixels[4 * n] << 16) | (pixels[4 * n + 1] << 8) | pixels[4 * n + 2];
          }
          layer.codes = codes;
          resolve(codes);
        };
        image.onerror = reject;
        image.src = layer.values;
      });
    }
    return state.decoded[layer.key];
  }

  function reading(layer, code) {
    if (code === 0) return { value: "Nobody", words: "lives in this cell" };
    if (code === 1) return { value: "Unknown", words: layer.title };
    if (code === ENDLESS) return { value: "No way", words: "on foot to any public WiFi" };
    const value = (code - 2) * layer.step;
    if (layer.unit === "class") return { value: layer.labels[String(value)], words: "" };
    if (layer.unit === "share") return { value: number.format(value * 100) + " %", words: layer.meaning };
    return { value: number.format(value) + " " + layer.unit, words: layer.meaning };
  }

  /* ---- panel: switch, legend, overlays ---- */

  function legend(layer) {
    const box = document.getElementById("legend");
    box.replaceChildren(element("h2", layer.title), element("p", layer.note, "note"));
    const units = { people: "People in each cell", share: "Share of the people of each cell", class: "Class" };
    units.min = "Minutes on foot, mean of each cell";
    units["places per 1,000 people"] = "Places per 1,000 people, mean of each cell";
    box.append(element("p", units[layer.unit] || layer.unit, "unit"));
    const list = element("ul");
    layer.classes.forEach(function (item) {
      const line = element("li");
      const swatch = element("i", null, "swatch");
      swatch.style.backgroundColor = "#" + item[1];
      if (item[2]) swatch.append(element("b", item[2]));
      line.append(swatch, element("span", item[0]));
      list.append(line);
    });
    const unknown = element("li");
    unknown.append(element("i", null, "swatch hatch"), element("span", layer.missing || "unknown: no data here"));
    list.append(unknown);
    box.append(list);
    if (layer.fill) return;
    const empty = element("li");
    empty.append(element("i", null, "swatch empty"), element("span", "nobody lives here"));
    list.append(empty);
  }

  /* One list, folded away: the legend stays beside the map however many layers there are. */
  function switcher(layers, first, choose) {
    const box = document.getElementById("layer");
    const groups = {};
    layers.forEach(function (layer, place) {
      if (!groups[layer.group]) {
        groups[layer.group] = element("optgroup");
        groups[layer.group].label = layer.group;
        box.append(groups[layer.group]);
      }
      const option = element("option", layer.title);
      option.value = String(place);
      groups[layer.group].append(option);
    });
    box.value = String(first); // a browser that comes back may remember another
    box.addEventListener("change", () => choose(layers[Number(box.value)]));
    choose(layers[first]);
  }

  /* A box to tick; what it means in detail, if anything, shows while it is ticked. */
  function overlay(map, words, className, layer, details) {
    const { legend, off } = details || {};
    const label = element("label");
    const input = element("input");
    input.type = "checkbox";
    input.checked = !off;
    const show = function () {
      if (input.checked) layer.addTo(map);
      else layer.remove();
      if (legend) legend.hidden = !input.checked;
    };
    input.addEventListener("change", show);
    label.append(input, element("i", null, "mark " + className), element("span", words));
    document.getElementById("overlays").append(label);
    if (legend) document.getElementById("overlays").append(legend);
    show();
  }

  function pane(map, name, level, through) {
    const node = map.createPane(name);
    node.style.zIndex = level;
    if (through) node.style.pointerEvents = "none";
  }

  function furniture(map, home) {
    L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 140 }).addTo(map);
    const control = L.control({ position: "topleft" });
    control.onAdd = function () {
      const box = element("div", null, "leaflet-bar home");
      const button = element("button", "Whole region");
      button.type = "button";
      button.addEventListener("click", () => map.fitBounds(home));
      box.append(button);
      L.DomEvent.disableClickPropagation(box);
      return box;
    };
    control.addTo(map);
    const north = L.control({ position: "topright" });
    north.onAdd = function () {
      const box = element("div", null, "north");
      box.setAttribute("aria-label", "North is up");
      box.append(element("span", "N"), element("span", "↑"));
      return box;
    };
    north.addTo(map);
  }

  function reader(map, data, zones, spots) {
    const tip = L.tooltip({ className: "reader", direction: "right", offset: [14, 0], opacity: 1 });
    const edge = L.polygon([], { pane: "edge", color: "#10231f", weight: 3, fill: false, interactive: false });
    edge.addTo(map);

    function lit(zone) {
      if (zone === state.hovered) return;
      state.hovered = zone;
      edge.setLatLngs(zone ? zone.parts.map((part) => part.map((ring) => ring.map((p) => [p[1], p[0]]))) : []);
    }

    function valueNode(said) {
      const node = element("p", null, "value");
      node.append(element("b", said.value), element("span", " " + said.words));
      return node;
    }

    map.on("mousemove", function (event) {
      const cell = cellAt(data.frame, event.latlng);
      const zone = zones.at(event.latlng);
      lit(zone);
      const card = element("div", null, "card");
      const spot = spots.at(event.latlng, 8);
      map.getContainer().classList.toggle("pointing", spot !== null);
      if (spot) {
        card.append(spots.card(spot));
      } else if (state.layer.fill) {
        if (zone) card.append(valueNode(zones.told(state.layer, zone)));
      } else if (cell >= 0 && state.layer.codes && (state.layer.codes[cell] !== 0 || zone)) {
        card.append(valueNode(reading(state.layer, state.layer.codes[cell])));
      }
      if (zone && !spot) card.append(zones.card(zone, false));
      const over = event.originalEvent.target;
      const busy = over.closest && over.closest(".leaflet-marker-icon, .leaflet-control, .leaflet-popup");
      if (!card.childNodes.length || busy) return void tip.remove();
      const right = event.containerPoint.x > map.getSize().x * 0.6;
      tip.options.direction = right ? "left" : "right";
      tip.options.offset = L.point(right ? -14 : 14, 0);
      tip.setLatLng(event.latlng).setContent(card);
      if (!map.hasLayer(tip)) tip.addTo(map);
    });
    map.on("mouseout", function () {
      tip.remove();
      lit(undefined);
    });

    function open(latlng, card) {
      tip.remove();
      L.popup({ className: "reader", maxWidth: 320 }).setLatLng(latlng).setContent(card).openOn(map);
    }

    map.on("click", function (event) {
      const spot = spots.at(event.latlng, event.originalEvent.pointerType === "touch" ? 16 : 8);
      if (spot) return void open(spot.latlng, spots.card(spot));
      const cell = cellAt(data.frame, event.latlng);
      const zone = zones.at(event.latlng);
      if (cell < 0 && !zone) return;
      Promise.all(data.layers.map(decode)).then(function () {
        const card = element("div", null, "card full");
        if (zone) card.append(zones.card(zone, true));
        if (cell >= 0) {
          const list = element("dl");
          data.layers.forEach(function (layer) {
            list.append(element("dt", layer.title), element("dd", reading(layer, layer.codes[cell]).value));
          });
          card.append(element("p", "Cell " + cellId(data.frame, cell), "name"), list);
        }
        open(event.latlng, card);
      });
    });
  }

  /* The whole region, again after each change of size until a person has moved the map. */
  function fit(map, home) {
    let touched = false;
    const box = map.getContainer();
    const now = function () {
      map.invalidateSize({ animate: false });
      if (touched || !map.getSize().x || !map.getSize().y) return;
      map.fitBounds(home, { animate: false, padding: [6, 6] });
      state.home = map.getZoom();
    };
    ["pointerdown", "wheel", "keydown"].forEach((name) => box.addEventListener(name, () => (touched = true)));
    now();
    new ResizeObserver(now).observe(box);
  }

  function start(map) {
    const data = JSON.parse(document.getElementById("gapmap-data").textContent);
    const home = L.latLngBounds(data.home);
    state.data = data;
    state.map = map;
    const zones = window.gapmapZones(element, people, data);
    const polygons = zones.polygons;
    fit(map, home);
    pane(map, "land", 250, true);
    pane(map, "cells", 300, true);
    pane(map, "areas", 350, true);
    pane(map, "lines", 400, true);
    pane(map, "edge", 410, true);
    pane(map, "names", 450, true);
    const land = { renderer: L.canvas({ pane: "land", padding: 0.5 }), stroke: false, fillColor: "#fdfcf9", fillOpacity: 1 };
    polygons(data.zones, Object.assign({ interactive: false }, land)).addTo(map);

    const lines = L.canvas({ pane: "lines", padding: 0.5 });
    const image = L.imageOverlay(data.layers[0].picture, data.frame.latlng, { pane: "cells", alt: "" }).addTo(map);
    function crisp() {
      const node = image.getElement();
      const big = node.naturalWidth && node.getBoundingClientRect().width > 1.2 * node.naturalWidth;
      node.style.imageRendering = big ? "pixelated" : "auto";
    }
    map.on("zoomend", crisp);
    image.on("load", crisp);
    const floor = L.canvas({ pane: "cells", padding: 0.5 });
    const fills = {};
    function choose(layer) {
      state.layer = layer;
      Object.values(fills).forEach((group) => group.remove());
      image.setOpacity(layer.fill ? 0 : 1);
      if (layer.fill) {
        fills[layer.key] = fills[layer.key] || zones.filled(map, layer, floor);
        fills[layer.key].addTo(map);
      } else {
        image.setUrl(layer.picture);
      }
      legend(layer);
      decode(layer);
    }
    const all = data.layers.concat(data.fills);
    const first = all.findIndex((layer) => layer.key === data.first);
    switcher(all, Math.max(first, 0), choose);
    if (window.gapmapPlans) window.gapmapPlans(element, people, overlay)(map, data);

    if (data.zones.length) {
      const outline = { renderer: lines, color: "#26413c", weight: data.zones.length > 300 ? 0.5 : 1, opacity: 0.75, fill: false, interactive: false };
      overlay(map, "Zone outlines", "line", polygons(data.zones, outline));
      overlay(map, "Zone names", "letters", zones.names(map), { off: Boolean(data.plans) });
    }
    const wifi = window.gapmapWifi(element, people, polygons);
    if (data.catchments.length) {
      const areas = wifi.catchments(data.catchments, L.canvas({ pane: "areas", padding: 0.5 }));
      const walks = data.catchments.map((area) => area.minutes).join(" / ");
      overlay(map, "Catchments: " + walks + " min walk", "rings", areas.group, { legend: areas.legend, off: true });
    }
    const spots = wifi.hotspots(map, data.wifi, lines, () => state.home);
    const shown = data.wifi.points.length;
    const part = shown < data.wifi.total ? " (" + people(shown) + " of " + people(data.wifi.total) + ")" : "";
    if (shown) overlay(map, "Existing public WiFi" + part, "ring", spots.group, spots);
    const plan = window.gapmapPlan(element, people, polygons);
    if (data.reach.length || data.links.length) {
      const served = plan.reach(data.reach, data.links, L.canvas({ pane: "lines", padding: 0.5 }));
      overlay(map, "Plan: where each serves, and its link", "halo", served, { off: true });
    }
    plan.kinds(data.sites).forEach(function (of) {
      const marks = plan.sites(map, of, data.currency, () => state.home);
      overlay(map, "Plan: " + of[0].words + " (" + of.length + ")", "site kind-" + of[0].shape, marks);
    });
    furniture(map, home);
    reader(map, data, zones, spots);
  }

  return {
    start: start,
    state: state,
    cellAt: (lat, lng) => {
      const cell = cellAt(state.data.frame, { lat: lat, lng: lng });
      return cell < 0 ? -1 : cellId(state.data.frame, cell);
    },
    codeAt: (lat, lng) => state.layer.codes[cellAt(state.data.frame, { lat: lat, lng: lng })],
    ready: () => decode(state.layer).then(() => true),
  };
})();
