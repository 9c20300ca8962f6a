using Npgsql;

namespace Lineage.Store;

/// <summary>Columns that may hold nothing.</summary>
static class Columns
{
    public static async Task<string?> TextAsync(this NpgsqlDataReader reader, int column, CancellationToken ct) =>
        await reader.IsDBNullAsync(column, ct) ? null : reader.GetString(column);
}
