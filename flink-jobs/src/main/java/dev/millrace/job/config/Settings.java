package dev.millrace.job.config;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads keys and values, as text. */
final class Settings {

  private Settings() {}

  static Map<String, String> read(List<String> settings, Problems problems) {
    Map<String, String> values = new TreeMap<>();
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      if (equals < 1) {
        problems.add("\"" + setting + "\" is not key=value");
      } else {
        values.put(setting.substring(0, equals).strip(), setting.substring(equals + 1).strip());
      }
    }
    return values;
  }
}
