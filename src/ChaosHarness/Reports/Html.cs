using System.Globalization;
using System.Net;
using System.Text;

namespace Lineage.ChaosHarness.Reports;

/// <summary>A page that is built from pieces; everything that is put into a hole of a piece is escaped.</summary>
sealed class Html
{
    readonly StringBuilder page = new();

    /// <summary>Markup of ours with texts of others: the holes are escaped, the rest is taken as it is.</summary>
    public Html Add(FormattableString markup)
    {
        var texts = new object?[markup.ArgumentCount];
        for (var i = 0; i < texts.Length; i++) texts[i] = Text(markup.GetArgument(i));
        page.AppendFormat(CultureInfo.InvariantCulture, markup.Format, texts);
        return this;
    }

    /// <summary>Markup of ours without any text of others.</summary>
    public Html Raw(string markup)
    {
        page.Append(markup);
        return this;
    }

    public override string ToString() => page.ToString();

    static object? Text(object? value) => value switch
    {
        null => "",
        string text => WebUtility.HtmlEncode(text),
        long or int or double => value,
        IFormattable other => WebUtility.HtmlEncode(other.ToString(format: null, CultureInfo.InvariantCulture)),
        _ => WebUtility.HtmlEncode(value.ToString()),
    };
}
