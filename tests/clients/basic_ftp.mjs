// Carries a file and a directory with basic-ftp. Arguments: module directory, host, port,
// "plain" | "explicit" | "implicit", certificate, source file, remote directory, scratch.
import { createRequire } from "node:module";
import { readFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const [modules, host, port, security, certificate, source, remote, scratch] = process.argv.slice(2);
const { Client } = createRequire(join(modules, "x.js"))("basic-ftp");

const client = new Client(20000);
const check = (condition, what) => {
  if (!condition) throw new Error(what);
};
try {
  await client.access({
    host, port: Number(port), user: "demo", password: "demo",
    secure: security === "implicit" ? "implicit" : security === "explicit",
    secureOptions: { ca: readFileSync(certificate), servername: "localhost" },
  });
  const data = readFileSync(source);
  await client.ensureDir(remote);
  await client.uploadFrom(source, "한 file.bin");
  check((await client.size("한 file.bin")) === data.length, "size");
  await client.downloadTo(join(scratch, "down.bin"), "한 file.bin");
  check(readFileSync(join(scratch, "down.bin")).equals(data), "download differs");
  await client.appendFrom(source, "한 file.bin");
  check((await client.size("한 file.bin")) === 2 * data.length, "appended size");
  await client.downloadTo(join(scratch, "down.bin"), "한 file.bin", data.length);
  check(readFileSync(join(scratch, "down.bin")).equals(Buffer.concat([data, data])), "continued download differs");
  for (let i = 0; i < 10; i++) await client.uploadFrom(source, `n${i}`);
  const names = (await client.list()).filter((item) => item.isFile).map((item) => item.name);
  check(names.length === 11 && names.includes("한 file.bin"), `names: ${names}`);
  await client.rename("n0", "n 0");
  check((await client.lastMod("n 0")) > new Date(2020, 1), "lastMod");
  await client.cd("/");
  mkdirSync(join(scratch, "dir"));
  await client.downloadToDir(join(scratch, "dir"), remote);
  check(readFileSync(join(scratch, "dir", "n 0")).equals(data), "downloadToDir differs");
  await client.removeDir(remote);
  check((await client.list()).every((item) => item.name !== remote), "removeDir left something");
} finally {
  client.close();
}
