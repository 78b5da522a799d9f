// Puts YASGUI in the place of the plain form, if its script has arrived; without it the form stays.
"use strict";

(() => {
  const form = document.getElementById("form");
  if (typeof Yasgui === "undefined" || !form) {
    return;
  }
  const query = document.getElementById("query").value;
  const place = document.createElement("div");
  place.id = "yasgui";
  form.after(place);

  // Nothing is fetched from elsewhere while somebody types.
  Yasgui.Yasqe.defaults.autocompleters = ["prefixes", "variables"];
  Yasgui.Yasqe.defaults.prefixCcApi = "";

  const editor = new Yasgui(place, {
    requestConfig: { endpoint: form.action, method: "POST" },
    endpointCatalogueOptions: { getData: () => [{ endpoint: form.action }] },
    copyEndpointOnNewTab: true,
    autofocus: false,
    // Links within the page are not queries.
    populateFromUrl: false,
    yasqe: { value: query },
  });
  // What the address asks for goes before what was open the last time.
  if (form.dataset.given) {
    editor.addTab(
      true,
      { name: form.dataset.given, yasqe: { value: query }, requestConfig: { endpoint: form.action } },
      { avoidDuplicateTabs: true },
    );
  }
  form.hidden = true;
})();
