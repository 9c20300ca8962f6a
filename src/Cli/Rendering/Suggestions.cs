namespace Lineage.Cli.Rendering;

/// <summary>The word that was probably meant.</summary>
internal static class Suggestions
{
    /// <summary>The candidate fewest edits away, if that is at most a third of the word (one for short ones); null if none is
    /// near.</summary>
    public static string? Nearest(string word, IEnumerable<string> candidates)
    {
        var bound = Math.Max(1, (word.Length + 1) / 3);
        return candidates
            .Select(candidate => (candidate, Distance: Distance(word, candidate)))
            .Where(near => near.Distance <= bound || (word.Length >= 3 && near.candidate.StartsWith(word, StringComparison.Ordinal)))
            .OrderBy(static near => near.Distance).ThenBy(static near => near.candidate, StringComparer.Ordinal)
            .Select(static near => near.candidate).FirstOrDefault();
    }

    /// <summary>Edits between two words, a swap of neighbours counting one (optimal string alignment).</summary>
    public static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) rows[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) rows[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                var best = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) best = Math.Min(best, rows[i - 2, j - 2] + 1);
                rows[i, j] = best;
            }
        }

        return rows[a.Length, b.Length];
    }
}
