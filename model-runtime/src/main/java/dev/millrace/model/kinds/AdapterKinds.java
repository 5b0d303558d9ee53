package dev.millrace.model.kinds;

import dev.millrace.model.adapter.AdapterKind;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.inject.DomainInjection;
import dev.millrace.model.peft.Lora;
import java.util.List;
import java.util.function.Function;

/** The kinds of adapters; a new one is registered here and nowhere else. */
public final class AdapterKinds {

  private static final List<AdapterKind> ALL = List.of(Lora.KIND, DomainInjection.KIND);

  private AdapterKinds() {}

  /** The names of all kinds. */
  public static List<String> names() {
    return ALL.stream().map(AdapterKind::name).toList();
  }

  /**
   * The kind of this name.
   *
   * @throws InvalidAdapterException if there is none
   */
  public static AdapterKind named(String name) {
    return find("kind of adapter", AdapterKind::name, name);
  }

  static AdapterKind ofPeftType(String type) {
    return find("adapter_config.json: peft_type", AdapterKind::peftType, type);
  }

  private static AdapterKind find(
      String what, Function<AdapterKind, String> property, String value) {
    return ALL.stream()
        .filter(kind -> property.apply(kind).equals(value))
        .findFirst()
        .orElseThrow(
            () ->
                new InvalidAdapterException(
                    "%s is \"%s\", expected one of %s"
                        .formatted(what, value, ALL.stream().map(property).toList())));
  }
}
