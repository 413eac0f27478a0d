import type { Response } from "express";
import { renderPage } from "./render-page.ts";

/** A page that asks before something is changed. */
export type Question = {
  readonly title: string;
  /** What will happen, and to how many records. */
  readonly sentences: readonly string[];
  /** The word on its button, which warns if the change is dangerous. */
  readonly label: string;
  readonly isDangerous?: boolean | undefined;
  /** Where the form is sent, and where whoever does not agree goes back to. */
  readonly action: string;
  readonly back: string;
  /** Fields that the form asks for, what they had, and what was wrong with that. */
  readonly fields?: readonly string[];
  readonly form?: Readonly<Record<string, string>>;
  readonly fault?: string | undefined;
  /** Sent along: what was agreed to. */
  readonly shown?: string;
};

/** Sends a page that asks. */
export async function ask(response: Response, question: Question): Promise<void> {
  await renderPage(response, "confirm", { ...UNASKED, ...question });
}

const UNASKED = { isDangerous: false, fields: [], form: {}, fault: undefined, shown: undefined };
