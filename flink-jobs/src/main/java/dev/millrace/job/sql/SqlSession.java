package dev.millrace.job.sql;

import dev.millrace.job.io.Topics;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.ExplainDetail;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.api.internal.TableEnvironmentInternal;
import org.apache.flink.table.catalog.CatalogBaseTable;
import org.apache.flink.table.catalog.CatalogView;
import org.apache.flink.table.catalog.ContextResolvedTable;
import org.apache.flink.table.catalog.ObjectIdentifier;
import org.apache.flink.table.catalog.exceptions.CatalogException;
import org.apache.flink.table.operations.CompileAndExecutePlanOperation;
import org.apache.flink.table.operations.ModifyOperation;
import org.apache.flink.table.operations.Operation;
import org.apache.flink.table.operations.QueryOperation;
import org.apache.flink.table.operations.StatementSetOperation;

/**
 * Runs statements one after the other; the topics of the Kafka tables that one reads or writes are
 * made if need be.
 */
public final class SqlSession {

  private static final Pattern SET = Pattern.compile("(?i)SET\\s+'([^']+)'\\s*=\\s*'([^']*)'");

  /** What the rows of a query may be: of the first operator of its plan, which gives them. */
  private static final Pattern ROWS =
      Pattern.compile("== Optimized Physical Plan ==\\s+.*?changelogMode=\\[([A-Z,]*)]");

  private static final Set<String> CONNECTORS = Set.of("kafka", "upsert-kafka");
  private static final String CLIENT = "properties.";
  private static final int PARTITIONS = 1;

  private final StreamTableEnvironment tables;
  private final Consumer<String> told;

  /**
   * @param told of a broker that does not answer soon, and of a catalog that cannot be asked
   */
  public SqlSession(StreamExecutionEnvironment env, Consumer<String> told) {
    this.told = told;
    tables = StreamTableEnvironment.create(env);
  }

  /**
   * Runs a statement; an INSERT or a SELECT is a job that has begun when this returns.
   *
   * @return empty for a SET
   * @throws RuntimeException of Flink's if it is none, or names what is not there
   */
  public Optional<TableResult> run(String statement) {
    Matcher set = SET.matcher(statement);
    if (set.matches()) {
      tables.getConfig().set(set.group(1), set.group(2));
      return Optional.empty();
    }
    if (internal().getParser().parse(statement).stream().anyMatch(SqlSession::isJob)) {
      createTopics(statement);
    }
    return Optional.of(tables.executeSql(statement));
  }

  /**
   * Whether its rows are counts of what an INSERT wrote: the columns are named after its tables.
   */
  public boolean isOfAnInsert(TableResult result) {
    List<String> columns = result.getResolvedSchema().getColumnNames();
    return Arrays.stream(tables.listCatalogs())
        .anyMatch(catalog -> columns.get(0).startsWith(catalog + "."));
  }

  /** Whether rows of a query may change others that came before, or take them back. */
  public boolean isUpdating(String query) {
    Matcher rows = ROWS.matcher(tables.explainSql(query, ExplainDetail.CHANGELOG_MODE));
    return rows.find() && !rows.group(1).equals("I");
  }

  /** Whether it reads or writes records. */
  private static boolean isJob(Operation operation) {
    return operation instanceof QueryOperation
        || operation instanceof ModifyOperation
        || operation instanceof StatementSetOperation
        || operation instanceof CompileAndExecutePlanOperation;
  }

  private void createTopics(String statement) {
    for (CatalogBaseTable table : named(statement)) {
      Map<String, String> options = table.getOptions();
      String topics = options.getOrDefault("topic", "");
      String broker = options.getOrDefault(CLIENT + "bootstrap.servers", "");
      boolean kafka = CONNECTORS.contains(options.getOrDefault("connector", ""));
      if (kafka && !topics.isEmpty() && !broker.isEmpty()) {
        Topics.ensure(client(options), Arrays.asList(topics.split(";", -1)), PARTITIONS, told);
      }
    }
  }

  /** The tables whose names stand in a text, and those that its views name. */
  private List<CatalogBaseTable> named(String statement) {
    List<CatalogBaseTable> named = new ArrayList<>();
    Deque<String> texts = new ArrayDeque<>(List.of(statement));
    Set<ObjectIdentifier> left = everyTable();
    while (!texts.isEmpty()) {
      String text = texts.pop();
      List<ObjectIdentifier> here =
          left.stream().filter(table -> isIn(text, table.getObjectName())).toList();
      here.forEach(left::remove);
      for (CatalogBaseTable table : here.stream().flatMap(this::table).toList()) {
        if (table instanceof CatalogView view) {
          texts.push(view.getExpandedQuery());
        } else {
          named.add(table);
        }
      }
    }
    return named;
  }

  private static boolean isIn(String text, String name) {
    String written = Pattern.quote(name.replace("`", "``"));
    return Pattern.compile("(?<![\\w$])" + written + "(?![\\w$])").matcher(text).find();
  }

  /** Those of all databases: a statement may name one by its database. */
  private Set<ObjectIdentifier> everyTable() {
    Set<ObjectIdentifier> found = new LinkedHashSet<>();
    for (String catalog : tables.listCatalogs()) {
      try {
        for (String database : tables.getCatalog(catalog).orElseThrow().listDatabases()) {
          for (String table : tables.listTables(catalog, database)) {
            found.add(ObjectIdentifier.of(catalog, database, table));
          }
        }
      } catch (CatalogException e) {
        told.accept(
            "catalog %s cannot be asked for its tables, whose topics are not made: %s"
                .formatted(catalog, e.getMessage()));
      }
    }
    return found;
  }

  /** What a table's clients are configured with: the broker may ask who they are. */
  private static Properties client(Map<String, String> options) {
    Properties client = new Properties();
    options.forEach(
        (key, value) -> {
          if (key.startsWith(CLIENT)) {
            client.setProperty(key.substring(CLIENT.length()), value);
          }
        });
    return client;
  }

  /**
   * Also a temporary one, which no catalog knows; none that names what is not there any more: Flink
   * says so of a statement that reads it.
   */
  private Stream<CatalogBaseTable> table(ObjectIdentifier table) {
    try {
      return internal().getCatalogManager().getTable(table).stream()
          .map(ContextResolvedTable::getTable);
    } catch (ValidationException e) {
      return Stream.empty();
    }
  }

  private TableEnvironmentInternal internal() {
    return (TableEnvironmentInternal) tables;
  }
}
