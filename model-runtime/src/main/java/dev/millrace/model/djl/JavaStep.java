package dev.millrace.model.djl;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.simd.SimdAdapter;
import dev.millrace.model.simd.SimdBase;
import dev.millrace.model.simd.SimdStep;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Steps in Java, without a program. */
final class JavaStep implements Step {

  private static final float[] TOP_K = {};

  private final MoeConfig config;
  private final SimdStep step;

  JavaStep(SimdBase base, int slots) {
    this.config = base.config();
    this.step = new SimdStep(base, slots);
  }

  /** No row looks at a slot that its sequence has not filled. */
  @Override
  public void clear(int slot, int n) {}

  @Override
  public float[] advance(List<Piece> pieces) {
    int n = pieces.stream().mapToInt(piece -> piece.tokens().length).sum();
    int[] ids = new int[n];
    int[] slots = new int[n];
    int[] positions = new int[n];
    @Nullable SimdAdapter[] adapters = new SimdAdapter[n];
    float[][] limits = new float[n][];
    int[] ends = new int[(int) pieces.stream().filter(Piece::ends).count()];
    int at = 0;
    int end = 0;
    for (Piece piece : pieces) {
      DjlAdapter adapter = piece.adapter() instanceof DjlAdapter one ? one : null;
      SimdAdapter simd = adapter == null ? null : adapter.simd();
      float[] own = adapter == null ? TOP_K : adapter.limits();
      int to = at + piece.tokens().length;
      System.arraycopy(piece.tokens(), 0, ids, at, piece.tokens().length);
      Arrays.fill(slots, at, to, piece.slot());
      for (int past = piece.past(); at < to; at++) {
        positions[at] = past++;
        adapters[at] = simd;
        limits[at] = own;
      }
      if (piece.ends()) {
        ends[end++] = to - 1;
      }
    }
    float[] given =
        Texts.given(pieces.stream().map(Piece::given).toList(), config.hiddenSize()).data();
    return step.advance(new SimdStep.Rows(ids, given, slots, positions, adapters, limits, ends));
  }

  @Override
  public void close() {}
}
