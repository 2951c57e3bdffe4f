"""AWS::CloudFormation::Stack: a stack as a resource of another."""

from simulator.deploy.resources.kind import Context, Kind, Made, Properties, names


def _create(context: Context, properties: Properties) -> Made:
    return context.cloud.nested_stacks[context.account].accept(context, properties)


def _complete(context: Context, made: Made, _: Properties) -> None:
    context.cloud.nested_stacks[context.account].create(made.physical_id)


def _update(context: Context, made: Made, _: Properties, new: Properties) -> Made:
    context.cloud.nested_stacks[context.account].update(context, made.physical_id, new)
    return made


def _commit(context: Context, made: Made) -> None:
    context.cloud.nested_stacks[context.account].commit(made.physical_id)


def _revert(context: Context, made: Made) -> Made:
    context.cloud.nested_stacks[context.account].revert(made.physical_id)
    return made


def _delete(context: Context, made: Made, _: Properties) -> None:
    context.cloud.nested_stacks[context.account].delete(made.physical_id)


KINDS = (
    Kind(
        "AWS::CloudFormation::Stack",
        names("Parameters Tags TemplateURL"),
        _create,
        _delete,
        _complete,
        _update,
        updatable=names("Parameters TemplateURL"),
        attribute_families=names("Outputs"),
        always_updated=True,
        commit=_commit,
        revert=_revert,
    ),
)
