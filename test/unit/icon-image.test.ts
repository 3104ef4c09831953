import { describe, expect, it } from "vitest";
import { imageOf, imageOfData } from "../../src/sync/icons/image.ts";
import { SyncError } from "../../src/sync/sync-error.ts";

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe("imageOf", () => {
  it.each([
    ["image/png", "\x89PNG\r\n\x1a\n…"],
    ["image/jpeg", "\xff\xd8\xff\xe0"],
    ["image/gif", "GIF89a"],
    ["image/webp", "RIFF\x01\0\0\0WEBPVP8 "],
    ["image/avif", "\0\0\0\x20ftypavif"],
    ["image/x-icon", "\0\0\x01\0\x01\0"],
    ["image/vnd.microsoft.icon", "\0\0\x01\0"],
    ["image/svg+xml", "<svg/>"],
    [
      "Image/SVG+XML; charset=utf-8",
      "\xef\xbb\xbf \n<?xml version='1.0'?><!-- > <b> --><!DOCTYPE svg PUBLIC '-//W3C' 'x' [ <!ENTITY a '>'> ]>\n<svg\nx=''>",
    ],
    ["image/svg+xml", "<s:svg xmlns:s='x'/>"],
  ])("takes %s that begins as one", (type, text) => {
    expect(imageOf(type, bytesOf(text)).type).toBe(type.toLowerCase().split(";")[0]);
  });

  it.each([
    ["image/png", "<!doctype html>"],
    ["image/png", ""],
    ["image/webp", "RIFF\x01\0\0\0WAVE"],
    ["image/svg+xml", "<!doctype html><svg></svg>"],
    ["image/svg+xml", "<html><svg/></html>"],
    ["image/svg+xml", "<!-- <svg/>"],
    ["image/svg+xml", `${" ".repeat(20_000)}<svg/>`],
    ["image/svg+xml", "<svgx/>"],
  ])("refuses %s that begins otherwise: %j", (type, text) => {
    expect(() => imageOf(type, bytesOf(text))).toThrow(`says that it is ${type}, and does not begin as one`);
  });

  it.each([
    ["text/html; charset=utf-8", "is text/html, and no image of a kind that is taken"],
    ["", "is something else, and no image of a kind that is taken"],
    ["image/bmp", "is image/bmp, and no image of a kind that is taken"],
    ["toString", "is something else, and no image of a kind that is taken"],
    ["\u001b[2J/x", "is something else, and no image of a kind that is taken"],
  ])("refuses the type %j", (type, message) => {
    expect(() => imageOf(type, bytesOf("<svg/>"))).toThrow(message);
  });

  it.each([["<!-- -->"], ["<?a?>"], [" "], ["<!doctype svg>"], ["<!doctype svg[] "], ["<!doctype svg["]])(
    "looks at a head of many %j no longer than it takes to read it",
    (part) => {
      const bytes = bytesOf(part.repeat(5_000));
      const start = performance.now();
      expect(() => imageOf("image/svg+xml", bytes)).toThrow(SyncError);
      expect(performance.now() - start).toBeLessThan(1_000);
    },
  );
});

describe("imageOfData", () => {
  it.each([
    ["data:image/svg+xml,%3Csvg%20id='ü'/%3E", "image/svg+xml", "<svg id='ü'/>"],
    ["data:image/svg+xml;charset=utf-8,<svg id='#,;%zz'/>", "image/svg+xml", "<svg id='#,;%zz'/>"],
    [`DATA:Image/GIF;base64,${btoa("GIF89a")}`, "image/gif", "GIF89a"],
    [`data:image/gif;x=y; base64,${encodeURIComponent(btoa("GIF89a!"))}`, "image/gif", "GIF89a!"],
  ])("decodes %s", (address, type, text) => {
    const image = imageOfData(address);
    expect([image.type, new TextDecoder().decode(image.bytes)]).toEqual([type, text]);
  });

  it.each(["data:image/png;base64,*", "data:,x", "data:image/png", "data:text/html,<svg/>", "data:image/png,<svg/>"])(
    "refuses %s",
    (address) => {
      expect(() => imageOfData(address)).toThrow(SyncError);
    },
  );

  it("decodes as much as a source may hold", () => {
    const text = `<svg id="${"é".repeat(30_000)}"/>`;
    expect(imageOfData(`data:image/svg+xml,${text}`).bytes).toHaveLength(Buffer.byteLength(text));
  });
});
