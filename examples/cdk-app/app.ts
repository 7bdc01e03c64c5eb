import { App } from 'aws-cdk-lib';
import { WorkflowStack } from './workflow-stack.ts';

new WorkflowStack(new App(), 'Workflows');
