package dev.millrace.model.score;

import dev.millrace.model.align.AlignConfig;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.Input;
import dev.millrace.model.align.WordBuckets;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.media.Picture;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;

/**
 * Encoders that know pictures of one black column, and what the columns are called.
 *
 * @param prefixId by which the prefixes that they make are known
 */
public record ColumnAligner(String base, String prefixId) implements Aligner {

  static final int COLUMNS = Picture.SIDE;

  private static final int PREFIX = 16;

  public ColumnAligner(String base) {
    this(base, "columns");
  }

  /** A white square whose k-th column is black. */
  public static byte[] picture(int k) {
    return picture(k, 1);
  }

  /** The same, each column so many pixels wide. */
  public static byte[] picture(int k, int each) {
    int side = COLUMNS * each;
    BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_BYTE_GRAY);
    Graphics2D g = image.createGraphics();
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, side, side);
    g.setColor(Color.BLACK);
    g.fillRect(k * each, 0, each, side);
    g.dispose();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  public static String caption(int k) {
    return "column " + (char) ('a' + k % 26) + (char) ('a' + k / 26);
  }

  @Override
  public AlignConfig config() {
    return new AlignConfig(base, 4, 1, 1);
  }

  @Override
  public String id() {
    return "columns";
  }

  @Override
  public List<float[]> embed(List<? extends Input> inputs) {
    return inputs.stream().map(this::place).toList();
  }

  @Override
  public int prefixLength() {
    return 1;
  }

  /** One row, all of the column's number. */
  @Override
  public List<Prefix> prefixes(List<? extends Input> media) {
    List<Prefix> prefixes = new ArrayList<>();
    for (Input input : media) {
      float[] row = new float[PREFIX];
      Arrays.fill(row, column(((Input.Seen) input).picture()));
      prefixes.add(Prefix.of(row, PREFIX));
    }
    return prefixes;
  }

  private float[] place(Input input) {
    float[] place = new float[DIMENSION];
    place[input instanceof Input.Seen seen ? column(seen.picture()) : column((Input.Words) input)] =
        1;
    return place;
  }

  private static int column(Picture picture) {
    int darkest = 0;
    for (int k = 0; k < COLUMNS; k++) {
      darkest = picture.ink()[k] > picture.ink()[darkest] ? k : darkest;
    }
    return darkest;
  }

  /** Captions of nothing that it knows are all in one place. */
  private static int column(Input.Words words) {
    for (int k = 0; k < COLUMNS; k++) {
      if (Arrays.equals(words.buckets(), WordBuckets.of(caption(k)))) {
        return k;
      }
    }
    return COLUMNS;
  }

  @Override
  public void close() {}
}
