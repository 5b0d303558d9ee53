package dev.millrace.job.config;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** Keys and values ⇄ nested records: a key is the path of record components, joined by dots. */
final class Binder {

  private final Map<String, String> values;
  private final Problems problems;

  private Binder(Map<String, String> values, Problems problems) {
    this.values = values;
    this.problems = problems;
  }

  /** The record with the values put in; what is wrong is added to the problems. */
  static <R extends Record> R bind(R base, Map<String, String> values, Problems problems) {
    Keys keys = Keys.of(flatten(base).keySet());
    values.forEach((key, value) -> keys.problem(key, value).ifPresent(problems::add));
    Object bound = new Binder(values, problems).bind("", base);
    @SuppressWarnings("unchecked") // bind makes a record of the class it is given
    R record = (R) bound;
    return record;
  }

  /** Every key of the record with its value as text. */
  static Map<String, String> flatten(Record record) {
    Map<String, String> flat = new TreeMap<>();
    flatten("", record, flat);
    return flat;
  }

  private static void flatten(String path, Record record, Map<String, String> flat) {
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      String key = path + component.getName();
      Object value = get(component, record);
      if (value instanceof Record nested) {
        flatten(key + ".", nested, flat);
      } else if (value instanceof Map<?, ?> map) {
        map.forEach((k, v) -> flat.put(key + "." + k, v.toString()));
      } else {
        flat.put(key, Values.format(value));
      }
    }
  }

  private Object bind(String path, Record base) {
    RecordComponent[] components = base.getClass().getRecordComponents();
    Object[] arguments = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      arguments[i] = bind(path + components[i].getName(), get(components[i], base));
    }
    return create(base, components, arguments);
  }

  private Object bind(String key, Object base) {
    if (base instanceof Record nested) {
      return bind(key + ".", nested);
    }
    if (base instanceof Map<?, ?> map) {
      return bindMap(key + ".", map);
    }
    String text = values.get(key);
    if (text == null) {
      return base;
    }
    try {
      return Ranges.check(key, Values.parse(base, text));
    } catch (IllegalArgumentException e) {
      problems.add(key + " is " + shown(text) + ", expected " + Values.expected(e, base));
      return base;
    }
  }

  /** The text quoted, without what a URI may hold of a password. */
  private static String shown(String text) {
    return "\"" + text.replaceAll("//.*@", "//…@") + "\"";
  }

  private Map<String, String> bindMap(String prefix, Map<?, ?> base) {
    Map<String, String> map = new TreeMap<>();
    base.forEach((k, v) -> map.put(k.toString(), v.toString()));
    values.forEach(
        (key, value) -> {
          if (key.startsWith(prefix)) {
            map.put(key.substring(prefix.length()), value);
          }
        });
    return map;
  }

  private static Object get(RecordComponent component, Record record) {
    try {
      return component.getAccessor().invoke(record);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("cannot read " + component, e);
    }
  }

  private Object create(Record base, RecordComponent[] components, Object[] arguments) {
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      Constructor<?> constructor = base.getClass().getDeclaredConstructor(types);
      return constructor.newInstance(arguments);
    } catch (InvocationTargetException e) {
      problems.add(String.valueOf(e.getTargetException().getMessage()));
      return base;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot make a " + base.getClass().getName(), e);
    }
  }
}
