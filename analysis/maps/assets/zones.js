/* Zones on the map: outlines, fills by class, names and marks, and what a zone says. Text only becomes textContent. */
window.gapmapZones = function (element, people, data) {
  "use strict";

  data.zones.forEach(function (zone, place) {
    zone.place = place;
    zone.box = L.latLngBounds(zone.parts.flatMap((part) => part[0].map((p) => [p[1], p[0]])));
  });

  /* ---- which zone is here ---- */

  function insideRing(ring, x, y) {
    let inside = false;
    for (let a = 0, b = ring.length - 1; a < ring.length; b = a, a += 1) {
      const crosses = ring[a][1] > y !== ring[b][1] > y;
      if (crosses && x < ((ring[b][0] - ring[a][0]) * (y - ring[a][1])) / (ring[b][1] - ring[a][1]) + ring[a][0]) {
        inside = !inside;
      }
    }
    return inside;
  }

  function at(latlng) {
    return data.zones.find(function (zone) {
      return (
        zone.box.contains(latlng) &&
        zone.parts.some(function (rings) {
          return rings.filter((ring) => insideRing(ring, latlng.lng, latlng.lat)).length % 2 === 1;
        })
      );
    });
  }

  /* ---- what it says: each text stands once, a zone has the position of its own ---- */

  function told(layer, zone) {
    const said = layer.said[layer.says[zone.place]];
    return { value: said[0], words: said[1] };
  }

  function card(zone, full) {
    const node = element("div", null, "zone");
    const title = element("p", null, "name");
    title.append(element("b", zone.name));
    const rank = zone.rank === null ? "not ranked" : "rank " + zone.rank;
    node.append(title);
    if (zone.range) node.append(element("p", rank + " (" + zone.range + ")"));
    else title.append(element("span", rank));
    const known = zone.unknown !== null && zone.population - zone.unknown > 0;
    const gap = known ? people(zone.gap) + " of " + people(zone.population) + " people below " + data.target : "gap unknown";
    node.append(element("p", gap));
    if (!full) return node;
    if (zone.unknown >= 0.5) node.append(element("p", people(zone.unknown) + " people: unknown"));
    if (zone.reasons) node.append(element("p", zone.reasons, "why"));
    const list = element("dl");
    data.facts.concat(data.fills).forEach(function (layer) {
      list.append(element("dt", layer.title), element("dd", told(layer, zone).value));
    });
    if (list.childNodes.length) node.append(list);
    return node;
  }

  /* ---- shapes ---- */

  function polygons(zones, options) {
    return L.layerGroup(
      zones.map(function (zone) {
        const rings = zone.parts.map((part) => part.map((ring) => ring.map((p) => [p[1], p[0]])));
        return L.polygon(rings, options);
      }),
    );
  }

  /* The hatching of what is not known, as in the pictures of cells. */
  function hatching() {
    const tile = element("canvas");
    tile.width = tile.height = 12;
    const pen = tile.getContext("2d");
    pen.fillStyle = "#c9ced6";
    pen.fillRect(0, 0, 12, 12);
    pen.strokeStyle = "#7b8494";
    pen.lineWidth = 2;
    [-12, 0, 12].forEach(function (x) {
      pen.moveTo(x - 1, 13);
      pen.lineTo(x + 13, -1);
    });
    pen.stroke();
    return pen.createPattern(tile, "repeat");
  }

  /* Zones coloured by the classes of a layer of zones; a class that has a mark stands with it on its zones. */
  function filled(map, layer, renderer) {
    const hatch = hatching();
    const group = L.layerGroup();
    const marks = [];
    data.zones.forEach(function (zone, place) {
      const index = layer.fill[place];
      const item = index === null ? null : layer.classes[index];
      const colour = item ? "#" + item[1] : hatch;
      const options = { renderer: renderer, interactive: false, stroke: false, fillColor: colour, fillOpacity: 1 };
      polygons([zone], options).eachLayer((shape) => group.addLayer(shape));
      if (item && item[2]) marks.push({ zone: zone, words: item[2], wide: 30 });
    });
    if (marks.length) group.addLayer(lettered(map, marks, "zone-mark"));
    return group;
  }

  /* Words at the middle of zones, in the order given, as many as there is room for. */
  function lettered(map, items, className) {
    const group = L.layerGroup();
    const markers = items
      .filter((item) => item.zone.label)
      .map(function (item) {
        const icon = L.divIcon({ className: className, html: element("span", item.words), iconSize: [0, 0] });
        const options = { icon: icon, interactive: false, keyboard: false, pane: "names" };
        return { at: L.latLng(item.zone.label[1], item.zone.label[0]), wide: item.wide, box: item.zone.box, options: options };
      });
    function place() {
      group.clearLayers();
      const taken = [];
      markers.forEach(function (item) {
        const p = map.latLngToContainerPoint(item.at);
        const size = map.getSize();
        const box = [p.x - item.wide / 2, p.y - 9, p.x + item.wide / 2, p.y + 9];
        const off = box[0] < 0 || box[1] < 0 || box[2] > size.x || box[3] > size.y;
        const span = map.latLngToContainerPoint(item.box.getNorthEast()).x - map.latLngToContainerPoint(item.box.getSouthWest()).x;
        const hit = taken.some((o) => box[0] < o[2] && box[2] > o[0] && box[1] < o[3] && box[3] > o[1]);
        if (off || hit || span < item.wide * 0.6) return;
        taken.push(box);
        group.addLayer(L.marker(item.at, item.options));
      });
    }
    map.on("moveend resize", place);
    group.on("add", place);
    return group;
  }

  function names(map) {
    const items = data.zones.map((zone) => ({ zone: zone, words: zone.name, wide: 6.4 * zone.name.length + 8 }));
    return lettered(map, items, "zone-name");
  }

  return { at: at, told: told, card: card, polygons: polygons, filled: filled, names: names };
};
