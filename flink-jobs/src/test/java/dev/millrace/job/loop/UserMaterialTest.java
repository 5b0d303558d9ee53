package dev.millrace.job.loop;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.score.HeldOut;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.schema.Sample;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UserMaterialTest {

  private static final Path NANO = Path.of(System.getProperty("millrace.root"), "models", "nano");

  /** A text that cannot be scored would end the run, after all has been learned. */
  @Test
  void material_linesLongerThanTheContextOrOfOneToken_isWhatTheBaseCanBeAsked(@TempDir Path folder)
      throws Exception {
    List<String> written = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      written.add(
          line("long-" + i, "Dear customer %d, your order has left. ".formatted(i).repeat(99)));
      written.add(line("short-" + i, "a"));
    }
    Path file = Files.write(folder.resolve("lines.jsonl"), written);
    UserMaterial.Lines lines = UserMaterial.lines(file, "mails");
    assertEquals(40, lines.samples().size());
    Material material = UserMaterial.material(lines, "mails", NANO, new HeldOut("salt", 2), 1);
    try (Tokenizer tokenizer = Tokenizers.open(NANO)) {
      for (List<String> texts :
          List.of(
              material.heldOut().get("mails"),
              material.prompts().get("mails"),
              material.protectedTexts())) {
        assertFalse(texts.isEmpty());
        for (String text : texts) {
          int tokens = tokenizer.encode(text).length;
          assertTrue(tokens >= 2 && tokens <= 512, () -> tokens + " tokens: " + text);
        }
      }
    }
    assertEquals(lines.samples(), material.samples(), "all of each line teaches");
  }

  /** As editors and exports on Windows write them. */
  @Test
  void lines_byteOrderMarkAndLatin1_takesTheFirstAndRefusesTheOther(@TempDir Path folder)
      throws Exception {
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    written.writeBytes(("\uFEFF" + line("1", "D\u00e9j\u00e0 vu") + "\n").getBytes(UTF_8));
    written.writeBytes((line("2", "D\u00e9j\u00e0 vu") + "\n").getBytes(ISO_8859_1));
    written.writeBytes(line("3", "D\u00e9j\u00e0 lu").getBytes(UTF_8));
    Path file = Files.write(folder.resolve("mails.jsonl"), written.toByteArray());
    UserMaterial.Lines lines = UserMaterial.lines(file, "mails");
    assertEquals(
        List.of("D\u00e9j\u00e0 vu", "D\u00e9j\u00e0 lu"),
        lines.samples().stream().map(Sample::text).toList());
    assertEquals(
        List.of("line 2 invalid-utf8"),
        lines.refused().stream().map(no -> no.where() + " " + no.reason()).toList());
  }

  /** What they teach is the tenant's alone: what is measured and asked is of the shared domain. */
  @Test
  void shared_linesOfATenant_areRefused(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("mails.jsonl"),
            """
            {"text": "Dear customer", "tenant": "acme"}
            {"text": "Dear customer", "tenant": null}
            """);
    UserMaterial.Lines lines = UserMaterial.shared(file, "mails", null);
    assertEquals(1, lines.samples().size());
    assertEquals(
        List.of("line 1 other-tenant acme, expected none"),
        lines.refused().stream()
            .map(no -> no.where() + " " + no.reason() + " " + no.detail())
            .toList());
    assertEquals(2, UserMaterial.lines(file, "mails").samples().size());
  }

  @Test
  void lines_gzipThatWasCut_namesTheFile(@TempDir Path folder) throws Exception {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
      out.write(line("1", "Dear customer").getBytes(UTF_8));
    }
    byte[] bytes = zipped.toByteArray();
    for (int length : new int[] {0, 5, bytes.length / 2, bytes.length - 4}) {
      Path file = Files.write(folder.resolve("cut.jsonl.gz"), Arrays.copyOf(bytes, length));
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> UserMaterial.lines(file, "mails"));
      assertTrue(e.getMessage().startsWith("file " + file + ", expected gzip"), e::getMessage);
    }
  }

  @Test
  void material_noLines_saysSoAndWhatWasExpected(@TempDir Path folder) throws Exception {
    Path file = Files.createFile(folder.resolve("empty.jsonl"));
    Path blank = Files.createDirectory(folder.resolve("blank"));
    Files.createFile(blank.resolve("a.txt"));
    assertNone(file, ": there is no text, expected lines such as ");
    assertNone(blank, ": none of it can be used {empty-text=1}, expected lines such as ");
  }

  private static void assertNone(Path input, String said) throws Exception {
    UserMaterial.Lines lines = UserMaterial.lines(input, "mails");
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> UserMaterial.material(lines, "mails", NANO, new HeldOut("salt", 2), 1));
    assertTrue(e.getMessage().startsWith("file " + input + said), e::getMessage);
  }

  @Test
  void material_noLineOfUse_saysWhyAndWhatWasExpected(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(folder.resolve("mails.csv"), "a,b\n{\"body\": \"c\"}\n\n{\"text\": 5}");
    UserMaterial.Lines lines = UserMaterial.lines(file, "mails");
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> UserMaterial.material(lines, "mails", NANO, new HeldOut("salt", 2), 1));
    assertEquals(
        "file %s: none of it can be used {bad-value=1, not-json=1, unknown-key=1}, expected lines such as {\"text\": \"…\", \"document\": \"…\"} (--text-field names another key), or text files such as .txt, .md or .java"
            .formatted(file),
        e.getMessage());
  }

  @Test
  void lines_withoutIds_areDocumentsOfTheirOwn(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("mails.jsonl"), "{\"text\": \"a\"}\n\n{\"text\": \"b\"}\n");
    assertEquals(
        List.of("mails.jsonl#1 mails.jsonl#1", "mails.jsonl#3 mails.jsonl#3"),
        UserMaterial.lines(file, "mails").samples().stream()
            .map(sample -> sample.id() + " " + sample.document())
            .toList());
  }

  private static String line(String id, String text) {
    return "{\"id\": \"%s\", \"text\": \"%s\"}".formatted(id, text);
  }
}
