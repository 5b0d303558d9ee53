package dev.millrace.model.djl;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a TorchScript archive that holds one class and one instance of it: a zip of STORED entries
 * with the code, and a pickle (protocol 2) of the instance. Source:
 * torch/csrc/jit/docs/serialization.md.
 */
final class ScriptArchive {

  private ScriptArchive() {}

  /**
   * Writes the archive of a program; its attributes are an empty weight list and absent packed
   * weights.
   */
  static void write(Path file, String source) throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      store(zip, "data.pkl", instance());
      store(zip, "code/__torch__.py", source.getBytes(UTF_8));
      store(zip, "constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
      store(zip, "version", "3\n".getBytes(UTF_8));
      store(zip, "byteorder", "little".getBytes(UTF_8));
    }
  }

  private static void store(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    ZipEntry entry = new ZipEntry("millrace/" + name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes.length);
    entry.setCompressedSize(bytes.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(bytes);
    zip.closeEntry();
  }

  private static byte[] instance() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(new byte[] {(byte) 0x80, 2});
    ascii(out, "c__torch__\nProgram\n)");
    out.write(0x81); // NEWOBJ
    ascii(out, "}(");
    string(out, "training");
    out.write(0x89); // NEWFALSE
    string(out, "helped");
    out.write(new byte[] {'K', 0}); // BININT1
    for (String list : new String[] {"w", "m"}) {
      string(out, list);
      ascii(out, "ctorch.jit._pickle\nbuild_tensorlist\n]");
      out.write(0x85); // TUPLE1
      ascii(out, "R");
    }
    string(out, "packed");
    ascii(out, "Nub.");
    return out.toByteArray();
  }

  private static void ascii(OutputStream out, String s) throws IOException {
    out.write(s.getBytes(UTF_8));
  }

  private static void string(OutputStream out, String s) throws IOException {
    byte[] bytes = s.getBytes(UTF_8);
    out.write('X');
    for (int shift = 0; shift < 32; shift += 8) {
      out.write(bytes.length >>> shift);
    }
    out.write(bytes);
  }
}
