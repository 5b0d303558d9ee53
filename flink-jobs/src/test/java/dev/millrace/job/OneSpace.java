package dev.millrace.job;

import dev.millrace.model.align.AlignConfig;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.Input;
import dev.millrace.model.base.Prefix;
import java.util.List;

/** Encoders that see all pictures in one place, all sounds in another and all words in a third. */
record OneSpace(String base) implements Aligner {

  @Override
  public AlignConfig config() {
    return new AlignConfig(base, 4, 1, 1);
  }

  @Override
  public String id() {
    return "one space";
  }

  @Override
  public List<float[]> embed(List<? extends Input> inputs) {
    return inputs.stream().map(OneSpace::place).toList();
  }

  private static float[] place(Input input) {
    float[] place = new float[DIMENSION];
    place[input instanceof Input.Seen ? 0 : input instanceof Input.Heard ? 1 : 2] = 1;
    return place;
  }

  @Override
  public int prefixLength() {
    return 0;
  }

  @Override
  public String prefixId() {
    return "";
  }

  @Override
  public List<Prefix> prefixes(List<? extends Input> media) {
    throw new IllegalStateException("these encoders make no prefixes");
  }

  @Override
  public void close() {}
}
