import { API_ERRORS } from "@bulk/domain/errors/error-codes";
import { z } from "zod";

/** The body of every response that is not a 2xx. */
export const errorObject = z
  .object({
    http_status: z.string().meta({ description: "The name of the HTTP status." }),
    type: z.string().meta({ description: "The last part of `code`." }),
    code: z.enum(Object.keys(API_ERRORS)).meta({
      description: "A stable code for programs. Later versions may add codes.",
    }),
    message: z.string().meta({ description: "For people." }),
    validation_errors: z
      .array(
        z.object({
          attribute: z.string(),
          type: z.string(),
          code: z.string(),
          options: z
            .record(z.string(), z.union([z.string(), z.number(), z.array(z.string())]))
            .meta({ description: "Values in the message, such as the limit." }),
          message: z.string().meta({ description: "Continues the attribute's name." }),
        }),
      )
      .meta({
        description:
          "The faults of the body or the query: at most 50, of which at most 20 are about ids; `message` gives the number " +
          "of the others. Empty unless the status is 422.",
      }),
    request_id: z.string().meta({
      description: "The value of the `Request-Id` header, which also identifies the request in the logs.",
    }),
  })
  .meta({ id: "ApiError" });
