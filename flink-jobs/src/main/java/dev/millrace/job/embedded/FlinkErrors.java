package dev.millrace.job.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.schema.wire.Shortened;
import java.io.IOException;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What Flink tells of errors, in a line. */
final class FlinkErrors {

  private static final Pattern MISSING = Pattern.compile("NoClassDefFoundError: ([\\w/$]+)");

  /** A class that is missing keeps the type: its name is all that the message says. */
  private static final Pattern TYPE =
      Pattern.compile(
          "^(Caused by: )?((\\w+\\.)+(?!ClassNotFoundException:|NoClassDefFoundError:)[\\w$]+: )*");

  /** So do these of what is no class, and are told in words. */
  private static final Pattern NAME_ALONE =
      Pattern.compile("(NoSuchFile|AccessDenied|UnknownHost)Exception: (.*)$");

  private static final Map<String, String> WRONG =
      Map.of(
          "NoSuchFile", "no such file",
          "AccessDenied", "permission denied",
          "UnknownHost", "no such host");

  /** What state is refused with, by our operators and by Flink: the table in docs/operations.md. */
  private static final Pattern STATE_REFUSED =
      Pattern.compile(
          "it is of another version of Millrace|by which this state was made"
              + "|(domain memory of \\d+ bytes|learner state|state of an alignment) has version"
              + "|StateMigrationException");

  private static final int LONGEST_CAUSE = 500;

  private FlinkErrors() {}

  /** The innermost cause in an answer that tells of an error. */
  static String explain(String body) {
    Matcher missing = MISSING.matcher(body);
    if (missing.find()) {
      return "its lib/ lacks %s, expected what docker/Dockerfile copies there: the model runtime and Kafka's connector"
          .formatted(missing.group(1).replace('/', '.'));
    }
    if (body.contains("POST request not allowed")) {
      return "it takes no jobs; web.submit.enable is off, or it was started for one job";
    }
    try {
      JsonNode errors = new ObjectMapper().readTree(body).path("errors");
      return cause(errors.path(errors.size() - 1).asText());
    } catch (IOException e) {
      return Shortened.of(body, LONGEST_CAUSE);
    }
  }

  /** Of a stack trace, what its innermost cause says. */
  static String cause(String trace) {
    String cause =
        trace
            .lines()
            .map(String::strip)
            .filter(line -> line.startsWith("Caused by: "))
            .reduce((first, second) -> second)
            .map(line -> line.substring("Caused by: ".length()))
            .orElseGet(() -> trace.lines().findFirst().orElse("no reason given"));
    return Shortened.of(words(cause), LONGEST_CAUSE);
  }

  private static String words(String line) {
    Matcher name = NAME_ALONE.matcher(line);
    return name.find()
        ? name.group(2) + ": " + WRONG.get(name.group(1))
        : TYPE.matcher(line).replaceFirst("");
  }

  /** Of a stack trace, what each cause says that the one before did not, without their types. */
  static String causes(String trace) {
    StringBuilder said = new StringBuilder();
    trace
        .lines()
        .filter(line -> !line.isBlank() && !line.startsWith("\t"))
        .map(FlinkErrors::words)
        .filter(words -> said.indexOf(words) < 0)
        .forEach(words -> said.append(said.isEmpty() ? "" : ": ").append(words));
    return Shortened.of(said.toString(), LONGEST_CAUSE);
  }

  /** Whether a stack trace tells that a job refused the state that it was to go on from. */
  static boolean isStateRefused(String trace) {
    return STATE_REFUSED.matcher(trace).find();
  }
}
