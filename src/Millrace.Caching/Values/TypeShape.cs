using System.Reflection;
using System.Text;

namespace Millrace.Caching.Values;

/// <summary>
/// A number that changes when the shape of a type does: its name, and the names and types of what it shows, to a depth. It is the same in every
/// process that has the same types, whatever the versions of assemblies. Types of the framework count by their names.
/// </summary>
internal static class TypeShape
{
    private const int Depth = 8;
    private const int MaximumMembers = 4096;

    /// <summary>Never 0.</summary>
    public static int Fingerprint(Type type)
    {
        var text = new StringBuilder();
        var members = 0;
        Write(type, text, [], Depth, ref members);
        var hash = 2166136261u; // FNV-1a: Fowler, Noll, Vo
        foreach (var c in text.ToString())
        {
            hash = (hash ^ c) * 16777619u;
        }

        return hash == 0 ? 1 : (int)hash;
    }

    private static void Write(Type type, StringBuilder text, HashSet<Type> seen, int depth, ref int members)
    {
        if (type.IsGenericType)
        {
            text.Append(type.GetGenericTypeDefinition().FullName).Append('<');
            foreach (var argument in type.GetGenericArguments())
            {
                Write(argument, text, seen, depth, ref members);
                text.Append(',');
            }

            text.Append('>');
        }
        else if (type.IsArray)
        {
            Write(type.GetElementType()!, text, seen, depth, ref members);
            text.Append("[]");
            return;
        }
        else
        {
            text.Append(type.FullName);
        }

        if (depth == 0 || type.IsPrimitive || type.IsPointer || IsOfFramework(type) || !seen.Add(type))
        {
            return;
        }

        if (type.IsEnum)
        {
            text.Append('(').AppendJoin(',', Enum.GetNames(type)).Append(')');
            return;
        }

        text.Append('{');
        foreach (var member in type.GetMembers(BindingFlags.Instance | BindingFlags.Public).OrderBy(static m => m.Name, StringComparer.Ordinal))
        {
            var memberType = member switch
            {
                PropertyInfo { CanRead: true } property when property.GetIndexParameters().Length == 0 => property.PropertyType,
                FieldInfo field => field.FieldType,
                _ => null,
            };
            if (memberType is not null && ++members <= MaximumMembers)
            {
                text.Append(member.Name).Append(':');
                Write(memberType, text, seen, depth - 1, ref members);
                text.Append(';');
            }
        }

        text.Append('}');
    }

    private static bool IsOfFramework(Type type) =>
        type.Namespace is { } space && (space == "System" || space.StartsWith("System.", StringComparison.Ordinal));
}
