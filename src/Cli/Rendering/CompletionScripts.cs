namespace Lineage.Cli.Rendering;

/// <summary>
/// Shims that hand the line being typed to <c>lineage [suggest:POSITION] "LINE"</c>, the directive with which System.CommandLine answers,
/// and offer what it says.
/// </summary>
internal static class CompletionScripts
{
    public static IReadOnlyList<(string Shell, string Script)> All { get; } = [("bash", Bash), ("zsh", Zsh), ("fish", Fish)];

    const string Bash = """
        _lineage() {
            local word=${COMP_WORDS[COMP_CWORD]}
            local rest=${COMP_LINE#*[[:space:]]}
            local cut=$(( ${#COMP_LINE} - ${#rest} ))
            local IFS=$'\n'
            local offers=$("${COMP_WORDS[0]}" "[suggest:$(( COMP_POINT - cut ))]" "$rest" 2>/dev/null)
            [[ $word == -* ]] || offers=$(grep -v '^[-/]' <<<"$offers")
            COMPREPLY=($(compgen -W "$offers" -- "$word"))
        }
        complete -o default -F _lineage lineage
        """;

    const string Zsh = """
        #compdef lineage
        _lineage() {
            local rest=${BUFFER#*[[:space:]]}
            local cut=$(( ${#BUFFER} - ${#rest} ))
            local -a offers
            offers=("${(@f)$("${words[1]}" "[suggest:$(( CURSOR - cut ))]" "$rest" 2>/dev/null)}")
            [[ ${words[CURRENT]} == -* ]] || offers=(${offers:#[-\/]*})
            compadd -- $offers
        }
        compdef _lineage lineage
        """;

    const string Fish = """
        function __lineage_offers
            set -l line (commandline -cp)
            set -l rest (string replace -r '^\S+\s' '' -- $line)
            lineage "[suggest:"(string length -- "$rest")"]" "$rest" 2>/dev/null
        end
        complete -c lineage -f -a '(__lineage_offers)'
        """;
}
