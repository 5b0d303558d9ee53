package dev.millrace.job.warmup;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.management.JMException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What HotSpot's second compiler is for in a process that answers and learns: the models, and the
 * way of a record through Flink. A job with checkpoints many times a second keeps enough of Flink's
 * coordination, Kafka's clients and Java's serialization busy to have the second compiler take most
 * of a processor for minutes, and learning gives way to it. That code stays as the first compiler
 * leaves it.
 *
 * @see <a href="https://openjdk.org/jeps/165">JEP 165: Compiler Control</a>
 */
public final class SecondCompiler {

  private static final Logger LOG = LoggerFactory.getLogger(SecondCompiler.class);

  /** Of two that match, the first holds. */
  private static final String DIRECTIVES =
      """
      [{
        match: [
          "org/apache/flink/api/*.*", "org/apache/flink/core/memory/*.*",
          "org/apache/flink/runtime/io/*.*", "org/apache/flink/streaming/api/*.*",
          "org/apache/flink/streaming/runtime/io/*.*",
          "org/apache/flink/streaming/runtime/tasks/*.*"
        ],
        c2: { Exclude: false }
      }, {
        match: [
          "org/apache/flink/*.*", "org/apache/kafka/*.*", "org/apache/pekko/*.*",
          "org/apache/avro/*.*", "org/apache/log*.*", "com/fasterxml/*.*", "kafka/*.*",
          "scala/*.*", "java/io/*.*", "java/math/*.*", "java/net/*.*", "java/lang/reflect/*.*",
          "java/util/Formatter*.*", "sun/nio/*.*", "sun/reflect/*.*"
        ],
        c2: { Exclude: true }
      }]
      """;

  /** What HotSpot says when it takes them. */
  private static final String ADDED = "compiler directives added";

  /** {@code -Dmillrace.compiler.directives=false} lets it take all code, as Java comes. */
  private static final String OPTION = "millrace.compiler.directives";

  private static boolean isKept;

  private SecondCompiler() {}

  /**
   * Keeps it to the models, records and what both are made of, from now on and in this whole
   * process.
   *
   * @return whether it is; the log says why if it is not
   */
  public static synchronized boolean keepToModels() {
    if (!isKept) {
      isKept = add();
    }
    return isKept;
  }

  private static boolean add() {
    if (System.getProperty(OPTION, "").equals("false")) {
      LOG.info("no directives for the compilers: {} is false", OPTION);
      return false;
    }
    try {
      if (!isTiered()) {
        LOG.info("no directives for the compilers: this Java does not run with both");
        return false;
      }
      Path file = Files.createTempFile("millrace-compiler", ".json");
      String said;
      try {
        Files.writeString(file, DIRECTIVES);
        said = tell("compilerDirectivesAdd", '"' + file.toString() + '"');
      } finally {
        Files.delete(file);
      }
      if (!said.contains(ADDED)) {
        throw new IOException(said.strip());
      }
      return true;
    } catch (IOException | JMException | RuntimeException e) {
      LOG.warn("the second compiler takes Flink's code too, for minutes", e);
      return false;
    }
  }

  /** Without a first compiler what the second leaves out would stay with the interpreter. */
  private static boolean isTiered() {
    HotSpotDiagnosticMXBean flags =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    return flags != null
        && flags.getVMOption("TieredCompilation").getValue().equals("true")
        && flags.getVMOption("TieredStopAtLevel").getValue().equals("4")
        && flags.getVMOption("CompilationMode").getValue().equals("default");
  }

  /** What {@code jcmd} would say. */
  static String tell(String command, String... arguments) throws JMException {
    return (String)
        ManagementFactory.getPlatformMBeanServer()
            .invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"),
                command,
                new Object[] {arguments},
                new String[] {String[].class.getName()});
  }
}
