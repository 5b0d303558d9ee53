package dev.millrace.model.distil;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Likeliest;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Sequence;
import java.util.List;

/**
 * Who is asked: a base as it serves, alone or under an adapter.
 *
 * @param name of the adapter, by what it is; empty for none
 * @param count of likeliest tokens that it names
 * @param temperature that its logits are divided by
 */
public record Teacher(
    BaseModel base, LoadedAdapter adapter, String name, int count, double temperature) {

  /** The base alone. */
  public static Teacher alone(BaseModel base, int count, double temperature) {
    return new Teacher(base, base.noAdapter(), "", count, temperature);
  }

  /** What it says after each token but the last of some texts. */
  List<Likeliest> says(List<int[]> texts) {
    return base.likeliest(
        texts.stream().map(text -> new Sequence(text, adapter)).toList(), count, temperature);
  }
}
