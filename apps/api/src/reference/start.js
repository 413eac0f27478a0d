// A separate file because the page's Content-Security-Policy forbids inline scripts.
const darkScheme = globalThis.matchMedia("(prefers-color-scheme: dark)");

function followScheme() {
  document.documentElement.classList.toggle("dark-mode", darkScheme.matches);
}

darkScheme.addEventListener("change", followScheme);
followScheme();

globalThis.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  plugins: [plainTitles],
  // Without this, a badge would send the document's address to Swagger's server.
  validatorUrl: null,
});

// Swagger UI renders titles as links inside the buttons that open a section. Plain text is enough: the button changes
// the address as well.
function plainTitles({ React }) {
  return {
    wrapComponents: {
      DeepLink:
        () =>
        ({ text }) =>
          React.createElement("span", null, text),
    },
  };
}

/** Elements without an accessible name or keyboard access, each with its repair. */
const REPAIRS = [
  ["#servers", (field) => name(field, "Server")],
  ["[data-param-name] :is(select, input, textarea)", nameByParameter],
  [".opblock-section-request-body .body-param textarea", (field) => name(field, "Request body")],
  [".opblock-section-request-body [data-property-name] :is(select, input, textarea)", nameByProperty],
  [".content-type-wrapper select, select.content-type", (field) => name(field, "Content type")],
  [".json-schema-2020-12-accordion", nameIfEmpty],
  [".close-modal", (button) => name(button, "Close")],
  // Their labels differ from their visible text.
  [".auth-btn-wrapper button", (button) => button.removeAttribute("aria-label")],
  ["pre.microlight, .highlight-code > pre, .opblock-body pre", (text) => text.setAttribute("tabindex", "0")],
];

function name(element, label) {
  element.setAttribute("aria-label", label);
}

function nameIfEmpty(button) {
  if (button.textContent === "") name(button, "Show or hide");
}

function nameByParameter(field) {
  name(field, field.closest("[data-param-name]").dataset.paramName);
}

function nameByProperty(field) {
  name(field, field.closest("[data-property-name]").dataset.propertyName);
}

function repair() {
  for (const [selector, fix] of REPAIRS)
    for (const element of document.querySelectorAll(selector)) fix(element);
}

new MutationObserver(repair).observe(document.body, { childList: true, subtree: true });
