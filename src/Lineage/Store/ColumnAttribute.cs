using System.Reflection;
using Marten.Schema;

namespace Lineage.Store;

/// <summary>A member of a row that is also written into a column of its own, without the index that a duplicated field brings.</summary>
[AttributeUsage(AttributeTargets.Property)]
sealed class ColumnAttribute : MartenAttribute
{
    public override void Modify(DocumentMapping mapping, MemberInfo member) => mapping.DuplicateField(member.Name);
}
