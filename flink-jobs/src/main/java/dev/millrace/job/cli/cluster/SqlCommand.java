package dev.millrace.job.cli.cluster;

import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.RestOption;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.ClusterState;
import dev.millrace.job.embedded.FlinkJob;
import dev.millrace.job.embedded.FlinkRest;
import dev.millrace.job.embedded.LocalCluster;
import dev.millrace.job.loop.InputFile;
import dev.millrace.job.sql.SqlScript;
import dev.millrace.job.sql.SqlSession;
import dev.millrace.schema.wire.ErrorLine;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.SecurityOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.ResultKind;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a script of Flink SQL in which models of the provider millrace can be asked. */
@Command(
    name = "sql",
    description = {
      "Runs a script of Flink SQL, in which CREATE MODEL … WITH ('provider' = 'millrace') and",
      "ML_PREDICT ask releases: on the cluster that is up, on that of --rest, else in this process.",
      "$${key} stands for a key of the configuration; topics that Kafka tables name are created."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace sql docs/examples/sql/ask.sql --rows 3",
      "  ./millrace sql my.sql --set kafka.bootstrap=127.0.0.1:9092"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class SqlCommand implements Callable<Integer> {

  /** Characters of a message that is read. */
  private static final int LONG = 400;

  @Mixin private Output output;
  @Mixin private RestOption rest;

  @Parameters(paramLabel = "FILE", description = "Statements, each ended by a semicolon.")
  private Path file;

  @Option(
      names = "--rows",
      paramLabel = "N",
      description = "End each SELECT after so many rows (default: when it ends itself).")
  private long rows = Long.MAX_VALUE;

  @Option(names = "--set", paramLabel = "KEY=VALUE", description = "What $${KEY} stands for.")
  private List<String> settings = List.of();

  @Override
  public Integer call() throws Exception {
    if (rows < 1) {
      throw new IllegalArgumentException("--rows " + rows + ", expected at least 1");
    }
    String text = text();
    LocalCluster cluster = Home.here().cluster();
    Optional<ClusterState> local = rest.local().map(state -> state.require("kafka", "jobmanager"));
    URI url = local.isPresent() || rest.named().isPresent() ? rest.url() : null;
    List<String> values = new ArrayList<>(List.of("base.dir=" + Home.here().nano()));
    local.ifPresent(state -> values.addAll(SubmitCommand.local(cluster, state)));
    values.addAll(local.isPresent() ? SubmitCommand.absolute(settings) : settings);
    SqlScript script = SqlScript.parse(text, MillraceConfig.read(values).toMap());
    if (script.statements().isEmpty()) {
      throw new IllegalArgumentException("file " + file + " holds no statement, expected some");
    }
    if (url != null) {
      requireFlink();
    }
    StreamExecutionEnvironment env = environment(url, rest.tls(), cluster.jobJar().toString());
    SqlSession session = new SqlSession(env, output.err()::println);
    for (String statement : script.statements()) {
      output.err().println(statement.lines().findFirst().orElse(statement).strip() + " …");
      run(statement, session, url == null);
    }
    return 0;
  }

  /** Flink's own client asks one that does not answer again and again, and says nothing of it. */
  private void requireFlink() {
    FlinkRest flink = rest.open(output.err()::println);
    List<FlinkJob> unused = flink.jobs();
  }

  private String text() throws IOException {
    try {
      return Files.readString(InputFile.readable(file));
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("file " + file + " is not UTF-8, expected SQL", e);
    }
  }

  private void run(String statement, SqlSession session, boolean here) throws Exception {
    try {
      Optional<TableResult> result = session.run(statement);
      if (result.isPresent()) {
        show(statement, result.get(), session, here);
      }
    } catch (Output.LostException e) {
      throw e;
    } catch (RuntimeException | ExecutionException e) {
      throw new IllegalStateException(reason(e), e);
    }
  }

  /**
   * Flink says that something failed, and what did in the innermost cause alone; its parser names
   * every word of SQL that could have stood there.
   */
  private static String reason(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String outer = ErrorLine.of(e);
    String inner = ErrorLine.of(cause);
    String said = outer.contains(inner) ? outer : inner;
    return said.length() > LONG ? said.replaceFirst("\\s*Was expecting one of:.*", "") : said;
  }

  /** Flink at the URL, or in this process. */
  public static StreamExecutionEnvironment environment(
      @Nullable URI url, Configuration tls, String jar) {
    if (url == null) {
      return StreamExecutionEnvironment.createLocalEnvironment(1);
    }
    if ("https".equals(url.getScheme()) && !SecurityOptions.isRestSSLEnabled(tls)) {
      throw new IllegalArgumentException(
          url + ", expected --flink-conf with security.ssl.rest.enabled: true");
    }
    tls.set(CoreOptions.DEFAULT_PARALLELISM, 1);
    return StreamExecutionEnvironment.createRemoteEnvironment(
        url.getHost(), RestOption.port(url), tls, jar);
  }

  /** An INSERT is a job with content too: how many rows went where, unknown while it runs. */
  private void show(String statement, TableResult result, SqlSession session, boolean here)
      throws Exception {
    Optional<JobClient> job = result.getJobClient();
    if (job.isPresent() && session.isOfAnInsert(result)) {
      output.err().println("job " + job.get().getJobID() + (here ? " runs here" : " runs"));
      if (here) {
        result.await();
      }
    } else if (result.getResultKind() == ResultKind.SUCCESS_WITH_CONTENT) {
      BooleanSupplier updating = () -> job.isPresent() && session.isUpdating(statement);
      print(result, updating, here);
    }
  }

  /** Rows of a query here end with this process. */
  @SuppressWarnings("try") // closed, and not asked
  private void print(TableResult result, BooleanSupplier updating, boolean here) throws Exception {
    JobClient query = here ? null : result.getJobClient().orElse(null);
    if (query == null) {
      printRows(result, updating);
      return;
    }
    try (QueryEnd unused = QueryEnd.watch(query, output.err())) {
      printRows(result, updating);
    }
  }

  /** One row a line, as it comes; closing the rows ends the query's job. */
  @SuppressWarnings("try") // Flink's iterator may be interrupted while it closes.
  private void printRows(TableResult result, BooleanSupplier updating) throws Exception {
    List<String> columns = result.getResolvedSchema().getColumnNames();
    try (CloseableIterator<Row> found = result.collect()) {
      RowLines lines = new RowLines(columns, output.json(), updating.getAsBoolean());
      if (!output.json()) {
        output.line(lines.header());
      }
      for (long row = 0; row < rows && found.hasNext(); row++) {
        output.line(lines.line(found.next()));
      }
    }
  }
}
