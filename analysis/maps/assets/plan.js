/* The plan on the map: numbered marks by kind, where each serves, what it is joined to. Text only becomes textContent. */
window.gapmapPlan = function (element, people, polygons) {
  "use strict";

  const MANY = 30;

  function card(site, currency) {
    const node = element("div", null, "card");
    node.append(element("b", site.step + ". " + site.words + ": " + site.name));
    node.append(element("p", people(site.people) + " people better off, for " + people(site.cost) + " " + currency));
    node.append(element("p", people(site.total) + " people with the steps before it"));
    site.facts.forEach(function (fact) {
      node.append(element("p", fact[1] ? fact[0] + ": " + fact[1] : fact[0]));
    });
    return node;
  }

  /* Numbered marks; many of them shrink to dots until the map is near. */
  function sites(map, list, currency, home) {
    const group = L.layerGroup();
    list.slice().reverse().forEach(function (site) {
      const icon = L.divIcon({ className: "site kind-" + site.shape, html: element("span", String(site.step)), iconSize: [20, 20] });
      const title = site.step + ". " + site.words + ": " + site.name;
      const marker = L.marker([site.lat, site.lon], { icon: icon, alt: title, zIndexOffset: 2000 - 10 * site.step });
      const said = card(site, currency);
      marker.bindTooltip(said, { direction: "top", offset: [0, -10], className: "reader" });
      marker.bindPopup(said.cloneNode(true), { className: "reader" });
      group.addLayer(marker);
    });
    const crowd = function () {
      map.getContainer().classList.toggle("crowded", list.length > MANY && map.getZoom() < home() + 1.5);
    };
    map.on("zoomend", crowd);
    crowd();
    return group;
  }

  /* Where sites serve people, later steps below, and straight lines to what they are joined to. */
  function reach(areas, links, renderer) {
    const group = L.layerGroup();
    areas.slice().reverse().forEach(function (area) {
      const look = { renderer: renderer, interactive: false, color: "#" + area.colour, weight: 1.5, fillColor: "#" + area.colour, fillOpacity: 0.16 };
      polygons([area], look).eachLayer((shape) => group.addLayer(shape));
    });
    links.forEach(function (link) {
      const path = link.line.map((p) => [p[1], p[0]]);
      group.addLayer(L.polyline(path, { renderer: renderer, interactive: false, color: "#14211f", weight: 1.5, dashArray: "5 4" }));
    });
    return group;
  }

  /* A box to tick for each kind, in the order of the first step of each. */
  function kinds(list) {
    const found = new Map();
    list.forEach(function (site) {
      if (!found.has(site.words)) found.set(site.words, []);
      found.get(site.words).push(site);
    });
    return Array.from(found.values());
  }

  return { sites: sites, reach: reach, kinds: kinds };
};
