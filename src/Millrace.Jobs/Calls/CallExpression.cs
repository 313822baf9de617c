using System.Linq.Expressions;
using System.Reflection;

namespace Millrace.Jobs.Calls;

/// <summary>A call as its caller wrote it, <c>x => x.SendAsync(id, CancellationToken.None)</c> or, for many, <c>(x, item) => x.SendAsync(item.Id, CancellationToken.None)</c>:
/// which method, and where its arguments come from.</summary>
internal sealed class CallExpression
{
    private readonly Type _service;
    private readonly MethodInfo _method;
    private readonly CallArgument?[] _arguments;

    private CallExpression(Type service, MethodInfo method, CallArgument?[] arguments) => (_service, _method, _arguments) = (service, method, arguments);

    /// <exception cref="ArgumentException">It is something else than one call on the service.</exception>
    public static CallExpression Read(LambdaExpression call)
    {
        ArgumentNullException.ThrowIfNull(call);
        var service = call.Parameters[0];
        if (WithoutConversion(call.Body) is not MethodCallExpression { Object: { } target } invocation || WithoutConversion(target) != service)
        {
            throw new ArgumentException(
                $"A call is one method of {service.Type.Name} with its arguments, such as x => x.SendAsync(id, CancellationToken.None); this is of kind {call.Body.NodeType}"
                + " or not on the service itself. Compute values before the call, and put what takes several calls into a method of the service.",
                nameof(call));
        }

        var item = call.Parameters.Count > 1 ? call.Parameters[1] : null;
        var parameters = invocation.Method.GetParameters();
        var arguments = new CallArgument?[parameters.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            // What the worker fills in is not looked at: any token will do.
            arguments[i] = CallParameter.IsFilledIn(parameters[i].ParameterType) ? null : new CallArgument(invocation.Arguments[i], service, item);
        }

        return new CallExpression(service.Type, invocation.Method, arguments);
    }

    /// <summary>Evaluates the arguments; what they throw comes through.</summary>
    /// <param name="item">The item of this call among many; null for a single call.</param>
    public Call Evaluate(object? item = null)
    {
        var values = new object?[_arguments.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = _arguments[i]?.Evaluate(item);
        }

        return new Call(_service, _method, values);
    }

    /// <summary>The compiler converts what derives from the delegate's return type, and a service to the interface that it inherits a method from.</summary>
    private static Expression WithoutConversion(Expression expression) =>
        expression is UnaryExpression { NodeType: ExpressionType.Convert, Method: null } conversion ? WithoutConversion(conversion.Operand) : expression;
}
