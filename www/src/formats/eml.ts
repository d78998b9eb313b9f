/** Mails by postal-mime, which knows the encodings and parts of mails, and was made for browsers. Also pages saved as MHTML. */
import PostalMime, { type Address } from "postal-mime";
import { damaged, noText, type Opened, type Reader } from "./document.js";

/** A shorter text beside longer HTML only says that the mail is HTML. */
const SHORT = 200;
/** So many times as long, the HTML says more. */
const LONGER = 4;

export const readEml: Reader = async (bytes) => {
  // A mail without a header ends here: its first line has no name.
  const mail = await PostalMime.parse(bytes as Uint8Array<ArrayBuffer>, { attachmentEncoding: "arraybuffer" }).catch((error: unknown) => {
    throw damaged("mail", error);
  });
  const header = (name: string) => mail.headers.find(({ key }) => key === name)?.value;
  const isPage = header("snapshot-content-location") !== undefined;
  const lines = isPage ? [] : [
    line("From", addresses(mail.from ? [mail.from] : [])),
    line("To", addresses(mail.to)),
    line("Cc", addresses(mail.cc)),
    line("Date", header("date")),
    line("Subject", mail.subject),
  ];
  const named = mail.attachments.flatMap(({ filename, disposition }) => (filename && disposition !== "inline" ? [filename] : []));
  if (named.length > 0 && !isPage) lines.push(line("Attachments", named.join(", ")));
  const parts: Opened["parts"] = [{ text: lines.join("") }];
  const text = (mail.text ?? "").trim();
  const html = (mail.html ?? "").trim();
  const isPlaceholder = text.length < SHORT && html.replace(/<[^<>]*>/g, "").length > LONGER * text.length;
  if (html !== "" && isPlaceholder) parts.push({ html: /^<(!doctype|html)/i.test(html) ? html : `<!doctype html><html><body>${html}</body></html>` });
  else if (text !== "") parts.push({ text });
  if (parts.length === 1 && !mail.subject) throw noText();
  return { parts };
};

function line(name: string, value: string | undefined): string {
  return value ? `${name}: ${value.replace(/\s+/g, " ")}\n` : "";
}

function addresses(list: Address[] | undefined): string {
  return (list ?? []).map(({ name, address, group }) => (group ? `${name}: ${addresses(group)}` : name && address ? `${name} <${address}>` : name || address || "")).join(", ");
}
