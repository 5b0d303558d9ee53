package dev.millrace.adapter.publish;

import java.lang.reflect.RecordComponent;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** A config as names and values; a record or map within it gives its name as a prefix. */
public final class Hyperparameters {
  private Hyperparameters() {}

  public static SortedMap<String, String> of(Record config) {
    SortedMap<String, String> values = new TreeMap<>();
    collect("", config, values);
    return values;
  }

  private static void collect(String prefix, Record config, SortedMap<String, String> values) {
    for (RecordComponent component : config.getClass().getRecordComponents()) {
      Object value = value(config, component);
      String name = prefix + component.getName();
      if (value instanceof Record inner) {
        collect(name + ".", inner, values);
      } else if (value instanceof Map<?, ?> map) {
        map.forEach((key, set) -> values.put(name + "." + key, String.valueOf(set)));
      } else {
        values.put(name, value instanceof Enum<?> e ? name(e) : String.valueOf(value));
      }
    }
  }

  /** As a configuration has it. */
  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static Object value(Record config, RecordComponent component) {
    try {
      return component.getAccessor().invoke(config);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("a public record's accessors can be called", e);
    }
  }
}
