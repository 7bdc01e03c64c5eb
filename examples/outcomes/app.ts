import { App } from 'aws-cdk-lib';
import { OutcomeStack } from './outcome-stack.ts';

new OutcomeStack(new App(), 'Outcomes');
