using System.Collections.ObjectModel;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Millrace.Jobs.Calls;

/// <summary>Reads the value of an expression by reflection, where that does exactly what compiled code would do. Whether it does is found out first,
/// without running anything, so that no part of an expression ever runs twice.</summary>
internal static class DirectReading
{
    private const BindingFlags Unwrapped = BindingFlags.DoNotWrapExceptions;

    /// <param name="expression">What is to be read.</param>
    /// <param name="item">The one parameter that has a value; null for none.</param>
    public static bool IsPossible(Expression expression, ParameterExpression? item) =>
        !expression.Type.IsByRefLike && !expression.Type.IsPointer && expression switch
        {
            ConstantExpression => true,
            ParameterExpression parameter => parameter == item,
            MemberExpression { Expression: { } target, Member: FieldInfo } => IsPossible(target, item),
            MemberExpression { Expression: { } target } => BearsACopy(target.Type) && IsPossible(target, item),
            MemberExpression => true,
            UnaryExpression { NodeType: ExpressionType.Convert } conversion => ChangesNothing(conversion) && IsPossible(conversion.Operand, item),
            NewArrayExpression { NodeType: ExpressionType.NewArrayInit } array => array.Expressions.All(element => IsPossible(element, item)),
            NewExpression creation => creation.Constructor is { } constructor && TakesValues(constructor) && creation.Arguments.All(argument => IsPossible(argument, item)),
            MemberInitExpression creation => IsPossible(creation.NewExpression, item)
                && creation.Bindings.All(binding => binding is MemberAssignment assignment && IsPossible(assignment.Expression, item)),
            MethodCallExpression call => (call.Object is null || (BearsACopy(call.Object.Type) && IsPossible(call.Object, item)))
                && TakesValues(call.Method) && call.Arguments.All(argument => IsPossible(argument, item)),
            _ => false,
        };

    /// <param name="expression">One of which <see cref="IsPossible"/> says so.</param>
    /// <param name="item">The value of the parameter.</param>
    /// <exception cref="ArgumentException">A member of null is asked for.</exception>
    public static object? Read(Expression expression, object? item) => expression switch
    {
        ConstantExpression constant => constant.Value,
        ParameterExpression => item,
        MemberExpression { Member: FieldInfo field } member => field.GetValue(Target(member.Expression, member, item)),
        MemberExpression { Member: PropertyInfo property } member => property.GetMethod!.Invoke(Target(member.Expression, member, item), Unwrapped, null, null, null),
        UnaryExpression conversion => Read(conversion.Operand, item),
        NewArrayExpression array => ReadArray(array, item),
        NewExpression creation => creation.Constructor!.Invoke(Unwrapped, null, ReadAll(creation.Arguments, item), null),
        MemberInitExpression creation => ReadInitialised(creation, item),
        MethodCallExpression call => call.Method.Invoke(Target(call.Object, call, item), Unwrapped, null, ReadAll(call.Arguments, item), null),
        _ => throw new InvalidOperationException($"An expression of kind {expression.NodeType} cannot be read directly."),
    };

    private static object? Target(Expression? target, Expression member, object? item)
    {
        if (target is null)
        {
            return null; // static
        }

        return Read(target, item) ?? throw new ArgumentException($"An argument of the call cannot be evaluated: {target} is null in {member}.", nameof(target));
    }

    private static object?[] ReadAll(ReadOnlyCollection<Expression> expressions, object? item)
    {
        var values = new object?[expressions.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Read(expressions[i], item);
        }

        return values;
    }

    private static Array ReadArray(NewArrayExpression array, object? item)
    {
        var values = Array.CreateInstance(array.Type.GetElementType()!, array.Expressions.Count);
        for (var i = 0; i < values.Length; i++)
        {
            values.SetValue(Read(array.Expressions[i], item), i);
        }

        return values;
    }

    private static object ReadInitialised(MemberInitExpression creation, object? item)
    {
        var created = Read(creation.NewExpression, item)!;
        foreach (var assignment in creation.Bindings.Cast<MemberAssignment>())
        {
            var value = Read(assignment.Expression, item);
            if (assignment.Member is FieldInfo field)
            {
                field.SetValue(created, value);
            }
            else
            {
                ((PropertyInfo)assignment.Member).SetMethod!.Invoke(created, Unwrapped, null, [value], null);
            }
        }

        return created;
    }

    /// <summary>Reflection hands a boxed copy of a struct to its member: the same, unless the member changes it. And a boxed nullable is none.</summary>
    private static bool BearsACopy(Type target) =>
        !target.IsValueType || (Nullable.GetUnderlyingType(target) is null && target.IsDefined(typeof(IsReadOnlyAttribute), inherit: false));

    private static bool TakesValues(MethodBase method) => method.GetParameters().All(static parameter => !parameter.ParameterType.IsByRef);

    /// <summary>To a base type, to an interface, to object, or to the nullable of the same type: a boxed value is all of these already.</summary>
    private static bool ChangesNothing(UnaryExpression conversion) =>
        conversion.Method is null && (conversion.Type.IsAssignableFrom(conversion.Operand.Type) || Nullable.GetUnderlyingType(conversion.Type) == conversion.Operand.Type);
}
