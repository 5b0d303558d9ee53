package dev.millrace.job.cli.cluster;

import dev.millrace.job.cli.options.Output;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalAmount;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.flink.types.Row;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a query, a line each.
 *
 * @param columns their names
 * @param json whether a line is an object, or the values with tabs between
 * @param updating whether rows may change others that came before, or take them back: each then
 *     says what becomes of it ({@code +I}, {@code -U}, {@code +U} or {@code -D}) before its values
 */
record RowLines(List<String> columns, boolean json, boolean updating) {

  private static final String KIND = "op";

  /** The names over the values. */
  String header() {
    return (updating ? KIND + "\t" : "") + String.join("\t", columns);
  }

  String line(Row row) {
    List<@Nullable Object> values = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      values.add(plain(row.getField(i)));
    }
    String kind = row.getKind().shortString();
    return json ? object(kind, values) : text(kind, values);
  }

  private String object(String kind, List<@Nullable Object> values) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    if (updating) {
      fields.put(key(), kind);
    }
    for (int i = 0; i < columns.size(); i++) {
      fields.put(columns.get(i), values.get(i));
    }
    return Output.toLine(fields);
  }

  /** A column may have any name. */
  private String key() {
    String key = KIND;
    while (columns.contains(key)) {
      key = "_" + key;
    }
    return key;
  }

  private String text(String kind, List<@Nullable Object> values) {
    String line = values.stream().map(RowLines::text).collect(Collectors.joining("\t"));
    return updating ? kind + "\t" + line : line;
  }

  private static String text(@Nullable Object value) {
    boolean whole = value instanceof List || value instanceof Map;
    String said = value != null && whole ? Output.toLine(value) : String.valueOf(value);
    return said.replaceAll("\\s+", " ");
  }

  /** What JSON has a form for: of a row and a map an object, of bytes base 64. */
  private static @Nullable Object plain(@Nullable Object value) {
    if (value instanceof Object[] array) {
      return Arrays.stream(array).map(RowLines::plain).collect(Collectors.toList());
    }
    if (value instanceof Row row) {
      return plain(row);
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, @Nullable Object> fields = new LinkedHashMap<>();
      map.forEach((key, of) -> fields.put(text(plain(key)), plain(of)));
      return fields;
    }
    if (value instanceof byte[] bytes) {
      return Base64.getEncoder().encodeToString(bytes);
    }
    boolean time = value instanceof TemporalAccessor || value instanceof TemporalAmount;
    return time ? String.valueOf(value) : value;
  }

  private static Map<String, @Nullable Object> plain(Row row) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    for (String name : row.getFieldNames(true)) {
      fields.put(name, plain(row.getField(name)));
    }
    return fields;
  }
}
