import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** One line in: a pattern and texts, Base64, separated by spaces. One line out: `x` if refused, else 1 or 0 a text. */
public class JavaRegexOracle {
    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.US_ASCII);
        for (String line; (line = in.readLine()) != null; ) {
            List<String> fields = new ArrayList<>();
            for (String field : line.split(" ", -1)) {
                fields.add(new String(Base64.getDecoder().decode(field), StandardCharsets.UTF_8));
            }
            StringBuilder answer = new StringBuilder();
            try {
                Pattern pattern = Pattern.compile(fields.get(0));
                for (String text : fields.subList(1, fields.size())) {
                    try {
                        answer.append(pattern.matcher(text).matches() ? '1' : '0');
                    } catch (StackOverflowError overflow) {
                        answer.append('?');
                    }
                }
            } catch (PatternSyntaxException | StackOverflowError refused) {
                answer = new StringBuilder("x");
            } catch (RuntimeException crashed) {
                answer = new StringBuilder("!");
            }
            out.println(answer);
        }
        out.flush();
    }
}
