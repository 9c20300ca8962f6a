namespace Lineage.Fuzz;

/// <summary>
/// What stands in for instrumentation: how an execution ended, how far it got, and the words of its message. Two inputs with the same key
/// are taken to have walked the same way. The same on every machine and in every run, so that a seed reproduces a campaign.
/// </summary>
static class Coverage
{
    const ulong Start = 14_695_981_039_346_656_037, Prime = 1_099_511_628_211;   // FNV-1a

    public static ulong KeyOf(ulong stage, Exception? ending)
    {
        var key = Add(Start, stage);
        if (ending is null) return key;
        foreach (var c in ending.GetType().Name) key = Add(key, c);
        return AddTemplate(key, ending.Message);
    }

    /// <summary>The message without what varies: numbers, digests (words with a digit in them), whatever stands in quotes, and where in
    /// its text the base library's JSON reader stopped.</summary>
    static ulong AddTemplate(ulong key, string message)
    {
        var text = message.AsSpan();
        if (text.LastIndexOf(" Path: ") is >= 0 and var path) text = text[..path];
        if (text.LastIndexOf("' is ") is >= 0 and var quoted && text.IndexOf('\'') is var open && open < quoted)
            return AddWords(AddWords(key, text[..open]), text[(quoted + 1)..]);   // what it quotes may hold quotes
        return AddWords(key, text);
    }

    static ulong AddWords(ulong key, ReadOnlySpan<char> text)
    {
        var (word, varies, quote) = (key, false, '\0');
        foreach (var c in text)
        {
            if (quote != '\0')
            {
                if (c == quote) quote = '\0';
                continue;
            }

            if (char.IsLetterOrDigit(c) || c == ',')
            {
                varies |= char.IsDigit(c);
                word = Add(word, c);
                continue;
            }

            // An apostrophe inside a word opens no quotation.
            if (c == '"' || (c == '\'' && word == key)) quote = c;
            if (!varies) key = word;
            (word, varies) = (key, false);
        }

        return varies ? key : word;
    }

    static ulong Add(ulong key, ulong value) => unchecked((key ^ value) * Prime);
}
