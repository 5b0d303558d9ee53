package dev.millrace.job.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The folder that a run leaves: {@code report.json} and {@code report.html}. */
public record ReportFolder(Path folder) {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final String PLACE = "/*REPORT*/null";

  public Path json() {
    return folder.resolve("report.json");
  }

  public Path html() {
    return folder.resolve("report.html");
  }

  public void write(Report report, Timeline timeline) {
    try {
      Files.createDirectories(folder);
      Files.writeString(json(), json(report) + "\n");
      Files.writeString(html(), page(report, timeline));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the report to " + folder, e);
    }
  }

  private record Page(Report report, Timeline timeline) {}

  /** One file that loads nothing. */
  static String page(Report report, Timeline timeline) throws IOException {
    try (InputStream in = ReportFolder.class.getResourceAsStream("report.html")) {
      if (in == null) {
        throw new IllegalStateException("report.html is not on the classpath");
      }
      String template = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return template.replace(PLACE, inScript(json(new Page(report, timeline))));
    }
  }

  /** Texts come from strangers: no value may end the script element. */
  private static String inScript(String json) {
    return json.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029");
  }

  private static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
