using Lineage.Contracts.Api;

namespace Lineage.Store;

/// <summary>Short form for failures that adapters of the server have classified.</summary>
internal static class Failure
{
    public static LineageProblemException Of(string code, int status, string title, string detail, Exception? cause = null) =>
        new(Problem.Of(code, status, title, detail), cause);
}
