package dev.millrace.job.corpus;

import dev.millrace.schema.Modality;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontFormatException;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.FontRenderContext;
import java.awt.font.GlyphVector;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.kordamp.ikonli.Ikon;

/** The glyphs of Material Design Icons as PNG pictures, with their names in words. */
final class Icons {

  private static final String PACKAGE = "org.kordamp.ikonli.materialdesign2.MaterialDesign";
  private static final String FONT =
      "/META-INF/resources/materialdesignicons2/5.8.55/fonts/materialdesignicons-webfont.ttf";
  private static final String PREFIX = "mdi2";

  private static final int SIDE = 64;
  private static final float POINTS = 56;

  private Icons() {}

  static Stream<Pair> read() {
    Font font = font();
    return ikons().stream()
        .filter(ikon -> font.canDisplay(ikon.getCode()))
        .map(ikon -> pair(ikon, font));
  }

  private static List<Ikon> ikons() {
    List<Ikon> ikons = new ArrayList<>();
    for (char letter = 'A'; letter <= 'Z'; letter++) {
      ikons.addAll(List.of(ofLetter(letter)));
    }
    ikons.sort(Comparator.comparing(Icons::name));
    return ikons;
  }

  private static Ikon[] ofLetter(char letter) {
    try {
      return (Ikon[]) Objects.requireNonNull(Class.forName(PACKAGE + letter).getEnumConstants());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("the icons are not on the classpath", e);
    }
  }

  /** As {@code arrow left bold}: a description is the prefix, a letter, a dash and the name. */
  private static String name(Ikon ikon) {
    return ikon.getDescription().substring(PREFIX.length() + 2).replace('-', ' ');
  }

  private static Pair pair(Ikon ikon, Font font) {
    String name = name(ikon);
    // An outlined icon is the same drawing: both stand on one side of a split.
    String document = name.replace(" outline", "");
    String cluster = name.contains(" ") ? name.substring(0, name.indexOf(' ')) : name;
    return new Pair(
        Pairs.ICONS, Modality.IMAGE, document, cluster, name, () -> png(ikon.getCode(), font));
  }

  private static Font font() {
    try (InputStream in = Ikon.class.getResourceAsStream(FONT)) {
      if (in == null) {
        throw new IllegalStateException("no " + FONT + " on the classpath");
      }
      return Font.createFont(Font.TRUETYPE_FONT, in).deriveFont(POINTS);
    } catch (IOException | FontFormatException e) {
      throw new IllegalStateException("cannot read " + FONT, e);
    }
  }

  private static byte[] png(int code, Font font) {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
    Graphics2D g = image.createGraphics();
    try {
      g.setColor(Color.WHITE);
      g.fillRect(0, 0, SIDE, SIDE);
      g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
      g.setColor(Color.BLACK);
      FontRenderContext context = g.getFontRenderContext();
      GlyphVector glyph = font.createGlyphVector(context, Character.toString(code));
      Rectangle2D box = glyph.getLogicalBounds();
      double x = (SIDE - box.getWidth()) / 2 - box.getX();
      double y = (SIDE - box.getHeight()) / 2 - box.getY();
      g.fill(glyph.getOutline((float) x, (float) y));
    } finally {
      g.dispose();
    }
    return encoded(lightened(image));
  }

  /** Edges as Java shows grey, lighter than it stands in a file: so the encoders learned them. */
  private static BufferedImage lightened(BufferedImage grey) {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    image.setRGB(0, 0, SIDE, SIDE, grey.getRGB(0, 0, SIDE, SIDE, null, 0, SIDE), 0, SIDE);
    return image;
  }

  private static byte[] encoded(BufferedImage image) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", out);
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot fail", e);
    }
    return out.toByteArray();
  }
}
