/* Public WiFi on the map: hotspots by state, areas within a walk. Text from data only ever becomes textContent. */
window.gapmapWifi = function (element, people, polygons) {
  "use strict";

  const EDGE = "#0b4f6c";
  const MANY = 60;
  const CROWD = 1000;
  const OPACITY = 0.09; // of one area; little, so that the colours of the cells below stay what they are
  /* corners of each shape around (0, 0), about as large as a circle of radius 1 */
  const CORNERS = {
    diamond: [[0, -1.35], [1.35, 0], [0, 1.35], [-1.35, 0]],
    square: [[-1, -1], [1, -1], [1, 1], [-1, 1]],
    triangle: [[0, -1.3], [1.25, 0.95], [-1.25, 0.95]],
    cross: [
      [0, -0.45], [0.8, -1.25], [1.25, -0.8], [0.45, 0], [1.25, 0.8], [0.8, 1.25],
      [0, 0.45], [-0.8, 1.25], [-1.25, 0.8], [-0.45, 0], [-1.25, -0.8], [-0.8, -1.25],
    ],
  };

  /* A circle marker that a canvas draws in another shape. */
  const Mark = L.CircleMarker.extend({
    _updatePath: function () {
      const corners = CORNERS[this.options.shape];
      const canvas = this._renderer;
      if (!corners) return void canvas._updateCircle(this);
      if (!canvas._drawing || this._empty()) return;
      const pen = canvas._ctx;
      pen.beginPath();
      corners.forEach((at, n) => pen[n ? "lineTo" : "moveTo"](this._point.x + at[0] * this._radius, this._point.y + at[1] * this._radius));
      pen.closePath();
      canvas._fillStroke(pen, this);
    },
  });

  function picture(shape, colour) {
    const corners = CORNERS[shape];
    const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const outline = document.createElementNS("http://www.w3.org/2000/svg", corners ? "polygon" : "circle");
    drawing.setAttribute("viewBox", "-2 -2 4 4");
    drawing.setAttribute("aria-hidden", "true");
    if (corners) outline.setAttribute("points", corners.join(" "));
    else outline.setAttribute("r", "1.1");
    outline.setAttribute("fill", "#" + colour);
    outline.setAttribute("stroke", EDGE);
    outline.setAttribute("stroke-width", "0.4");
    drawing.append(outline);
    return drawing;
  }

  function lines(items) {
    const list = element("ul", null, "more");
    items.forEach(function (item) {
      const line = element("li");
      line.append(item[0], element("span", item[1]));
      list.append(line);
    });
    return list;
  }

  /* Longer walks first, each over the last: what lies within a shorter one has more layers of the colour. */
  function catchments(list, renderer) {
    const edges = ["#8a0a5c", "#c51b8a", "#f07cc0"];
    const group = L.layerGroup();
    list.slice().reverse().forEach(function (area, back) {
      const place = list.length - 1 - back;
      const edge = { color: edges[Math.min(place, 2)], weight: 1.5, opacity: 0.9 };
      const inside = { fillColor: "#" + area.colour, fillOpacity: OPACITY };
      polygons([area], Object.assign({ renderer: renderer, interactive: false }, edge, inside)).eachLayer((shape) => group.addLayer(shape));
    });
    const legend = element("div");
    legend.append(
      lines(
        list.map(function (area, place) {
          const swatch = element("i", null, "swatch area");
          const tint = "#" + area.colour + Math.round(255 * OPACITY).toString(16);
          const shade = "linear-gradient(" + tint + ", " + tint + ")";
          swatch.style.backgroundImage = list.slice(place).map(() => shade).join(", ");
          swatch.style.borderColor = edges[Math.min(place, 2)];
          return [swatch, "within " + area.minutes + " min: " + people(area.people) + " people"];
        }),
      ),
      element("p", "To free public WiFi that works, " + list[0].measure + ".", "note"),
    );
    return { group: group, legend: legend };
  }

  function hotspots(map, data, renderer, home) {
    const count = data.points.length;
    const far = count > CROWD ? 1.2 : count > MANY ? 2 : 3.5;
    const size = () => (map.getZoom() < home() + 2 ? far : 3.5);
    const spots = data.points.map(function (point) {
      const state = data.states[point[3]];
      const latlng = L.latLng(point[1], point[0]);
      return { point: point, mark: state[0], words: state[1], latlng: latlng, at: map.project(latlng, 0) };
    });
    /* those that serve people lie over those that do not, the overcrowded on top */
    const order = spots.slice().sort((a, b) => (a.mark < 2 ? a.mark + 9 : a.mark) - (b.mark < 2 ? b.mark + 9 : b.mark));
    const markers = order.map(function (spot) {
      const mark = data.marks[spot.mark];
      const look = { shape: mark[1], radius: size(), weight: count > CROWD ? 1 : 1.5, color: EDGE, fillColor: "#" + mark[2], fillOpacity: 1 };
      return new Mark(spot.latlng, Object.assign({ renderer: renderer, interactive: false }, look));
    });
    map.on("zoomend", () => markers.forEach((marker) => marker.setRadius(size())));
    const group = L.layerGroup(markers);
    const present = data.marks.filter((mark) => mark[3] > 0);
    const legend = present.length > 1 ? element("div") : null;
    if (legend) {
      legend.append(
        lines(present.map((mark) => [picture(mark[1], mark[2]), mark[0] + " (" + people(mark[3]) + ")"])),
        element("p", "Open: it works and is free to use.", "note"),
      );
    }

    /* The hotspot nearest to a place, no more than so many pixels away. */
    function at(latlng, pixels) {
      if (!map.hasLayer(group)) return null;
      const here = map.project(latlng, 0);
      let nearest = null;
      let least = pixels / map.getZoomScale(map.getZoom(), 0);
      spots.forEach(function (spot) {
        const away = Math.hypot(spot.at.x - here.x, spot.at.y - here.y);
        if (away < least) [nearest, least] = [spot, away];
      });
      return nearest;
    }

    function card(spot) {
      const [, , name, , near, capacity, expected] = spot.point;
      const node = element("div", null, "spot");
      node.append(element("b", name), element("p", spot.words));
      if (near !== null) node.append(element("p", "nearest public WiFi of " + people(near) + " people within a " + data.reach + " min walk"));
      if (capacity !== null) {
        const asked = expected === null ? "" : ", " + people(expected) + " expected";
        node.append(element("p", "serves " + people(capacity) + " people at once" + asked));
      }
      return node;
    }
    return { group: group, legend: legend, at: at, card: card };
  }

  return { catchments: catchments, hotspots: hotspots };
};
