// A file of its own because the page's policy allows no script inside it.
globalThis.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  // Otherwise a badge would send the document's address to its makers' server.
  validatorUrl: null,
});
