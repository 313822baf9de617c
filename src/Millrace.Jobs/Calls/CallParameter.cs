using System.Reflection;
using System.Text.Json;

namespace Millrace.Jobs.Calls;

/// <summary>A parameter of a method that jobs call.</summary>
internal sealed class CallParameter
{
    private CallParameter(ParameterInfo parameter)
    {
        Type = parameter.ParameterType;
        Name = parameter.Name!;
        EncodedName = JsonEncodedText.Encode(Name);
        IsOptional = parameter.HasDefaultValue;
        Default = IsOptional ? ReadDefault(parameter) : null;
    }

    public string Name { get; }

    public JsonEncodedText EncodedName { get; }

    public Type Type { get; }

    public bool IsToken => Type == typeof(CancellationToken);

    public bool IsContext => Type == typeof(JobContext);

    /// <summary>Its argument is part of the payload.</summary>
    public bool IsStored => !IsFilledIn(Type);

    /// <summary>A payload without it is one from before it was added.</summary>
    public bool IsOptional { get; }

    public object? Default { get; }

    /// <summary>The worker fills it in; it is never stored.</summary>
    public static bool IsFilledIn(Type type) => type == typeof(CancellationToken) || type == typeof(JobContext);

    /// <param name="parameter">The parameter.</param>
    /// <param name="problem">Why it cannot be part of a call; null when it can.</param>
    public static CallParameter? TryRead(ParameterInfo parameter, out string? problem)
    {
        var type = parameter.ParameterType;
        problem = parameter switch
        {
            { Name: null or "" } => "has a parameter without a name, by which its argument would be stored",
            _ when type.IsByRef => $"takes '{parameter.Name}' by reference (ref, out or in)",
            _ when type.IsByRefLike || type.IsPointer || type.IsFunctionPointer => $"takes '{parameter.Name}', a {type.Name} that lives only on the stack",
            _ when type == typeof(object) => $"takes '{parameter.Name}' as object, of which JSON does not keep the type",
            _ when type.IsSubclassOf(typeof(Delegate)) || type == typeof(Delegate) => $"takes '{parameter.Name}', a delegate, which is not data",
            _ => null,
        };
        return problem is null ? new CallParameter(parameter) : null;
    }

    /// <summary>Reflection reports the default of a nullable enum as its number, and that of a struct as null (which invocation takes for it).</summary>
    private static object? ReadDefault(ParameterInfo parameter) =>
        parameter.DefaultValue is { } value && Nullable.GetUnderlyingType(parameter.ParameterType) is { IsEnum: true } enumeration
            ? Enum.ToObject(enumeration, value)
            : parameter.DefaultValue;
}
